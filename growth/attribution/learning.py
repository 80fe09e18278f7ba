"""What the Markov model learns from the ledger: the paths of those who converted, and of those who did not."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.attribution.credits import contacts_before
from growth.attribution.markov import removal_effects
from growth.attribution.models import WHOLE, Model, Windows, path_before
from growth.attribution.paths import paths_of
from growth.attribution.records import Conversion
from growth.attribution.versions import Adopted, Versions

TRAINED_ON = timedelta(days=90)
MOST_CONVERSIONS = 20_000
MOST_TOUCHES = 100_000
"""The latest of the training period: enough to learn from, and a question of a second or two."""

# Paths that ended in nothing, of people and of visitors nobody knows.
_IN_VAIN = text("""
    with lately as (
        select coalesce(cast(person_id as text), cast(visitor as text)) as who, person_id, visitor, channel,
            occurred_at, id
        from touch where side = :side and occurred_at >= :since and occurred_at < :until and kind = 'click'
            and coalesce(cast(person_id as text), cast(visitor as text)) is not null
        order by occurred_at desc limit :most
    ), paths as (
        select who, max(person_id) as person_id, max(cast(visitor as text)) as visitor,
            array_agg(channel order by occurred_at, id) as path
        from lately group by who
    )
    select path, count(*) from paths
    where not exists (select from conversion where conversion.person_id = paths.person_id
            and conversion.side = :side and conversion.occurred_at >= :since
            and conversion.kind <> 'subscription')
        and not exists (select from conversion where conversion.visitor = cast(paths.visitor as uuid)
            and conversion.side = :side and conversion.occurred_at >= :since
            and conversion.kind <> 'subscription')
    group by path
""")


@dataclass(frozen=True)
class Learnt:
    """Removal effects in millionths by channel, and the period of the conversions they come from."""

    effects: Mapping[str, int]
    since: datetime
    until: datetime


def learn(session: Session, side: str, windows: Windows, order: int, now: datetime) -> Learnt:
    """Removal effects of a side's channels, from what happened in the 90 days before now."""
    since = now - TRAINED_ON
    counted: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    found = session.execute(
        select(Conversion.id, Conversion.occurred_at)
        .where(
            Conversion.side == side, Conversion.kind.not_in(("refund", "subscription")),
            Conversion.occurred_at >= since, Conversion.occurred_at < now,
        )
        .order_by(Conversion.occurred_at.desc())
        .limit(MOST_CONVERSIONS)
    ).all()  # fmt: skip
    asked = Versions({one: [Adopted("", Model("last", windows))] for one in ("buyer", "seller")})
    contacts = contacts_before(session, [one.id for one in found], asked)
    for one in found:
        path = path_before(contacts[one.id], one.occurred_at, windows)
        if path:
            counted[tuple(contact.channel for contact in path)][0] += 1
    bounds = {"side": side, "since": since, "until": now, "most": MOST_TOUCHES}
    for path, times in session.execute(_IN_VAIN, bounds):
        counted[tuple(path)][1] += times
    if not counted:
        return Learnt({}, since, now)
    won, lost = (np.array([both[part] for both in counted.values()], dtype=float) for part in (0, 1))
    paths = paths_of(list(counted), won, np.zeros(len(won)), lost)
    effects, _ = removal_effects(paths, order)
    told = zip(paths.channels, effects.tolist(), strict=True)
    return Learnt({channel: round(effect * WHOLE) for channel, effect in told}, since, now)
