"""Everything that departed so far: by state, side and channel, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from growth.errors import NotFoundError
from growth.locales import N_
from growth.measurement.records import Anomaly

EXPORTED = 10_000
"""Of the newest, in a file."""


@dataclass(frozen=True)
class Wanted:
    """Which ones; what is empty is all."""

    state: str = ""
    side: str = ""
    channel: str = ""


def found_so_far(session: Session, wanted: Wanted, *, after: int | None = None, size: int = 50) -> list[Anomaly]:
    """The next `size`, in the order they were found, the newest first; `after` is the id of the last one seen."""
    mine = _chosen(wanted)
    if after is not None:
        mine = mine.where(Anomaly.id < after)
    return list(session.scalars(mine.limit(size)))


def every_one(session: Session, wanted: Wanted) -> Iterator[Anomaly]:
    """All of them, at most EXPORTED."""
    return iter(session.scalars(_chosen(wanted).limit(EXPORTED)))


def _chosen(wanted: Wanted) -> Select[Anomaly]:
    mine = select(Anomaly).order_by(Anomaly.id.desc())
    for name, value in (("state", wanted.state), ("side", wanted.side), ("channel", wanted.channel)):
        if value:
            mine = mine.where(getattr(Anomaly, name) == value)
    return mine


def anomaly_by_id(session: Session, anomaly_id: int) -> Anomaly:
    """One of them. Raises NotFoundError."""
    found = session.get(Anomaly, anomaly_id)
    if found is None:
        raise NotFoundError(N_("There is no such anomaly."))
    return found
