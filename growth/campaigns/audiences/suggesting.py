"""What may be typed into a condition: values that there are, each found by one step along an index."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 100
"""Of each kind, in the order of the alphabet."""


def _walk(column: str, among: str) -> str:
    """The different values of an indexed column, without reading the rows between them."""
    return f"""
    with recursive found (one, place) as (
        (select {column}, 1 from {among} order by 1 limit 1)
        union all
        select (select {column} from {among} and {column} > found.one order by 1 limit 1), place + 1
        from found where found.one is not null and place < :most)
    select one from found where one is not null
    """  # noqa: S608 - the names stand below


# Of whole months, so that nothing of a month that is read is left aside.
_LATELY = "event where kind = 'custom' and person_id is not null and occurred_at >= :since"
_SOURCES: Mapping[str, str] = {
    "custom_event": _walk("properties ->> 'name'", _LATELY),
    "time_zone": _walk("time_zone", "person where time_zone is not null"),
    "province": _walk("province", "organisation where province is not null"),
}
FIELDS = frozenset(_SOURCES)
"""Fields of conditions for which something can be suggested."""


def suggestions(session: Session, fields: Collection[str], now: datetime) -> dict[str, list[str]]:
    """For each of these fields that is one of `FIELDS`, the values there are; events' names of this month and the last.

    At most `MOST` each.
    """
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    asked = {"most": MOST, "since": (begun - timedelta(days=1)).replace(day=1)}
    return {
        name: list(session.scalars(text(statement), asked)) for name, statement in _SOURCES.items() if name in fields
    }
