"""Costs that people enter, such as a fair's: one amount, spread over the days it was for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError
from growth.locales import N_
from growth.money import Money, split
from growth.spend.ledger import NewCost, Recorded, record_costs
from growth.spend.records import Cost

SOURCE = "entered"
MOST_DAYS = 92
LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was spent, for what, and on which days; both days are counted. A country of "" is none."""

    name: str
    first: date
    last: date
    side: str
    channel: str
    country: str = ""
    amount: Money

    @property
    def key(self) -> str:
        """What it is known by on each of its days; the same again replaces."""
        return "\n".join((self.side, self.channel, self.country, self.name, str(self.first)))


def lines_of(entry: Entry) -> list[NewCost]:
    """A line for each day, in equal parts that come to the amount exactly. Raises InvalidError."""
    days = (entry.last - entry.first).days + 1
    if not entry.name or len(entry.name) > LONGEST_NAME or not entry.name.isprintable():
        raise InvalidError("name", N_("Say what it was for, in at most %(longest)d characters."), longest=LONGEST_NAME)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidError("last", N_("The last day is not before the first, and at most %(most)d days later."),
                           most=MOST_DAYS - 1)  # fmt: skip
    if entry.amount.minor == 0:
        raise InvalidError("amount", N_("An amount is not zero."))
    return [
        _line(entry, entry.first + timedelta(days=place), minor)
        for place, minor in enumerate(split(entry.amount.minor, [1] * days))
    ]


def enter(session: Session, entry: Entry, *, actor: str, now: datetime) -> Recorded:
    """Keep it, audited. The same name and first day again replaces it, whatever its last day was. Raises InvalidError.

    Nothing is audited where nothing changed.
    """
    lines = lines_of(entry)
    before = select(Cost.day).where(Cost.source == SOURCE, Cost.source_key == entry.key, Cost.day > entry.last)
    gone = [_line(entry, day, 0) for day in session.scalars(before.where(Cost.amount_minor != 0))]
    kept = record_costs(session, [*lines, *gone], now)
    if kept.new or kept.changed:
        detail = {"first": str(entry.first), "last": str(entry.last), "side": entry.side, "channel": entry.channel,
                  "country": entry.country, "amount_minor": entry.amount.minor,
                  "currency": entry.amount.currency}  # fmt: skip
        audit(session, actor=actor, action="cost entered", subject=entry.name, detail=detail, now=now)
    return kept


def _line(entry: Entry, day: date, minor: int) -> NewCost:
    return NewCost(
        source=SOURCE,
        source_key=entry.key,
        day=day,
        side=entry.side,
        channel=entry.channel,
        country=entry.country,
        campaign=entry.name,
        amount_minor=minor,
        currency=entry.amount.currency,
    )
