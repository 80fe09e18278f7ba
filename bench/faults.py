"""Sending to 100,000 through a provider that fails in every way, by workers that are killed twenty times."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import Figure
from growth.database.embedded import borrowed
from growth.database.engine import make_engine
from growth.database.migrate import migrate
from growth.keyring import keyring
from growth.settings import settings
from tests.journeys.faulty_sending import SHORT, Outcome, send_through_faults, workers
from tests.sandbox.running import leading_to, sandbox

PEOPLE = 100_000
KILLS = 20
SHARE = 0.3
SEED = 20_261_124
_REQUESTS = {"GROWTH_SENDGRID_RECIPIENTS": "200", "GROWTH_SENDGRID_TIMEOUT_SECONDS": "4", "GROWTH_DOUBT_SECONDS": "10"}


def run() -> list[Figure]:
    """Every recipient exactly once, or it is not reached."""
    with TemporaryDirectory() as folder:
        went = _sent(Path(folder))
    note = (
        f"{went.planned:,} planned, {went.messages:,} messages, {SHARE:.0%} of the requests failed, {KILLS} kills, "
        f"{went.batches['released']} batches sent again, {went.seconds:.0f} s"
    )
    exact = went.once if went.messages == went.planned else 0
    name = f"recipients with exactly one message, of {PEOPLE:,}"
    return [Figure(name, exact, "", "planned", went.planned, 1.0, more_is_better=True, note=note)]


def _sent(folder: Path) -> Outcome:
    with borrowed(folder / "home") as url:
        given = {"GROWTH_HOME": str(folder / "home"), "GROWTH_SECRET_KEY": "bench only: more than 32 characters"}
        os.environ.update(given)
        keyring.cache_clear()
        engine = make_engine(url)
        try:
            migrate(engine)
            with (
                sandbox(folder / "mail") as mail,
                leading_to(mail, **SHORT | _REQUESTS),
                workers(url, folder / "workers.log", tell=False) as team,
            ):
                return send_through_faults(engine, mail, team, people=PEOPLE, kills=KILLS, share=SHARE, seed=SEED)
        finally:
            engine.dispose()
            for name in given:
                del os.environ[name]
            settings.cache_clear()
            keyring.cache_clear()
