"""Conversions of visitors who became known: joined with those their person had already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from growth.attribution.conversions import Changes, known, rank_orders
from growth.attribution.happenings import ONCE, once_key
from growth.attribution.records import Conversion
from growth.database.among import among

_RENAME = text("""
    update conversion set source_key = named.source_key
    from unnest(cast(:ids as bigint[]), cast(:keys as text[])) as named (id, source_key)
    where conversion.id = named.id
""")


@dataclass(frozen=True, slots=True)
class Once:
    """A conversion that a person has once: the columns that matter here."""

    id: int
    kind: str
    source_key: str
    side: str
    occurred_at: datetime
    person_id: int | None
    visitor: UUID | None

    @property
    def key(self) -> str:
        """Where it belongs now that its person is known; a shop or an event keeps its own key."""
        mine = self.source_key == once_key(self.side, None, self.visitor)
        return (once_key(self.side, self.person_id, None) if mine else None) or self.source_key


def settle(session: Session, adopted: Sequence[int], changes: Changes) -> None:
    """Conversions that became a person's: what happens once is left once, and the first order is found again."""
    if not adopted:
        return
    columns = (getattr(Conversion, name) for name in Once.__slots__)
    mine = [Once(*row) for row in session.execute(select(*columns).where(among(Conversion.id, adopted)))]
    changes.conversions.update(adopted)
    changes.moments.update((one.occurred_at, one.side) for one in mine)
    _leave_once(session, [one for one in mine if one.kind in ONCE], changes)
    rank_orders(session, ((one.person_id, None) for one in mine), changes)


def _leave_once(session: Session, mine: Sequence[Once], changes: Changes) -> None:
    wanted = {(one.kind, one.key) for one in mine}
    columns = (getattr(Conversion, name) for name in Once.__slots__)
    there = select(*columns).where(among(Conversion.id, [one.id for one in known(session, wanted).values()]))
    kept, lost = earliest([*mine, *(Once(*row) for row in session.execute(there))] if wanted else [])
    if lost:
        session.execute(delete(Conversion).where(among(Conversion.id, [one.id for one in lost])))
        changes.conversions.difference_update(one.id for one in lost)
        changes.moments.update((one.occurred_at, one.side) for one in lost)
    named = [one for one in kept if one.source_key != one.key]
    if named:
        session.execute(_RENAME, {"ids": [one.id for one in named], "keys": [one.key for one in named]})


def earliest(ones: Iterable[Once]) -> tuple[list[Once], list[Once]]:
    """Those that stay, the earliest of each kind and key, and those that were the same once more."""
    latest_first = sorted(
        {one.id: one for one in ones}.values(), key=lambda one: (one.occurred_at, one.id), reverse=True
    )
    kept = {(one.kind, one.key): one for one in latest_first}
    return list(kept.values()), [one for one in latest_first if kept[one.kind, one.key] is not one]
