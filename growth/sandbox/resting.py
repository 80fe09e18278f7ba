"""Where the product's hold-outs have a channel rest: the market obeys them as an ads account would."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.engine import make_engine, transaction
from growth.experiments.holdouts.records import Holdout
from growth.sandbox.market.switches import Off


def rests(session: Session) -> tuple[Off, ...]:
    """Of all hold-outs of regions that are planned, run, or have run; one that was stopped rests no more."""
    wanted = select(Holdout).where(Holdout.kind == "regions").order_by(Holdout.id)
    return tuple(off for one in session.scalars(wanted) for off in _rest(one))


def _rest(one: Holdout) -> Iterator[Off]:
    last = one.ends_on
    if one.state == "stopped" and one.ended_at is not None:
        last = min(last, one.ended_at.date() - timedelta(days=1))
    if one.starts_on <= last:
        yield Off(one.channel, frozenset(one.regions), one.starts_on, last)


def resting_now(database_url: str) -> tuple[Off, ...]:
    """The same for who asks every few seconds and has no database otherwise. Raises DBAPIError when it is away."""
    engine = make_engine(database_url, pool_size=1, application="growth sandbox")
    try:
        with transaction(engine) as session:
            return rests(session)
    finally:
        engine.dispose()
