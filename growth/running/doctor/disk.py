"""The disk under the home folder."""

import shutil

from growth.locales import N_
from growth.running.doctor.finding import Finding, State
from growth.settings import Settings

LITTLE = 5 * 10**9
VERY_LITTLE = 500 * 10**6
"""Bytes: a million events with their indexes and credits take about 1.5 GB."""


def check(config: Settings) -> Finding:
    """How much is left."""
    home = config.home.resolve()
    while not home.exists():
        home = home.parent
    return judge(shutil.disk_usage(home).free)


def judge(free: int) -> Finding:
    """So many free bytes."""
    values = {"free": f"{free / 10**9:.1f}"}
    if free > LITTLE:
        return Finding("disk", State.OK, N_("%(free)s GB are free."), values=values)
    return Finding(
        "disk",
        State.FAILED if free < VERY_LITTLE else State.WARNING,
        N_("Only %(free)s GB are free."),
        N_("Make room, or move the home folder to a larger disk (GROWTH_HOME)."),
        values,
    )
