"""How far the messages of runs are, from sums that triggers keep, so that no page counts deliveries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from growth.campaigns.records import DeliveryCount, ExclusionCount

_FIGURES = [column for column in DeliveryCount.__table__.columns if column.name not in {"id", "campaign_run_id"}]
_UNDER_WAY = text("""
    select campaign_run_id, cast(sum(messages) as bigint) from delivery_batch
    where state = 'claimed' and campaign_run_id = any(:runs) group by 1
""")
_FOLD_FROM = 200
"""Rows of one run from which on adding them up is worth it."""


@dataclass(frozen=True)
class Counts:
    """How many messages of one run, or of several together, are how far."""

    messages: int = 0
    waiting: int = 0
    in_doubt: int = 0
    refused: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0

    @property
    def settled(self) -> int:
        """Those whose sending is over, well or not."""
        return self.messages - self.waiting - self.in_doubt


def counts_of(session: Session, runs: Sequence[int]) -> dict[int, Counts]:
    """Figures by run; a run without messages has none. What is under way, with a batch without an answer, waits."""
    sums = [func.sum(column).label(column.name) for column in _FIGURES]
    found = select(DeliveryCount.campaign_run_id, *sums).where(DeliveryCount.campaign_run_id.in_(runs))
    rows = session.execute(found.group_by(DeliveryCount.campaign_run_id)).mappings()
    counted = {
        row["campaign_run_id"]: Counts(**{column.name: int(row[column.name]) for column in _FIGURES}) for row in rows
    }
    for run, messages in session.execute(_UNDER_WAY, {"runs": list(counted)}):
        one = counted[run]
        counted[run] = replace(one, waiting=one.waiting + messages, sent=one.sent - messages)
    return counted


def total(counted: Iterable[Counts]) -> Counts:
    """The figures of several runs together."""
    every = list(counted)
    return Counts(**{column.name: sum(getattr(one, column.name) for one in every) for column in _FIGURES})


def left_out(session: Session, runs: Sequence[int]) -> dict[str, int]:
    """How many people these runs left out, by reason, the most first."""
    people = func.sum(ExclusionCount.people)
    found = select(ExclusionCount.reason, people).where(ExclusionCount.campaign_run_id.in_(runs))
    rows = session.execute(found.group_by(ExclusionCount.reason).having(people > 0).order_by(people.desc()))
    return {reason: int(number) for reason, number in rows}


def fold(session: Session) -> int:
    """Add up the rows of runs that have many; gives how many rows are fewer. Safe beside writers and readers."""
    return sum(_fold(session, table) for table in (DeliveryCount, ExclusionCount))


def _fold(session: Session, table: type[DeliveryCount] | type[ExclusionCount]) -> int:
    columns = [column.name for column in table.__table__.columns if column.name != "id"]
    keys = [name for name in columns if name in {"campaign_run_id", "reason"}]
    sums = [name if name in keys else f"sum({name})" for name in columns]
    # One statement, so that a reader sees either the many rows or the few. The names are the records' own.
    fold_run = text(f"""
        with gone as (delete from {table.__tablename__} where campaign_run_id = :run returning *),
        kept as (
            insert into {table.__tablename__} ({", ".join(columns)})
            select {", ".join(sums)} from gone group by {", ".join(keys)} returning 1
        )
        select (select count(*) from gone) - (select count(*) from kept)
    """)  # noqa: S608
    many = select(table.campaign_run_id).group_by(table.campaign_run_id).having(func.count() > _FOLD_FROM)
    return sum(session.scalars(fold_run, {"run": run}).one() for run in session.scalars(many).all())
