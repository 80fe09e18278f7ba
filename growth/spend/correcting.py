"""Putting a line of the ledger right: never by editing it, always by a line that adds to it or takes from it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError, NotFoundError, RefusedError
from growth.locales import N_
from growth.money import Money
from growth.spend.ledger import CORRECTION, NewCost, record_cost
from growth.spend.records import Cost

LONGEST_NOTE = 500


def cost_by_id(session: Session, line_id: int, *, lock: bool = False) -> Cost:
    """A line. Raises NotFoundError."""
    line = session.get(Cost, line_id, with_for_update=lock or None, populate_existing=lock)
    if line is None:
        raise NotFoundError(N_("There is no such line of cost."))
    return line


def corrections_of(session: Session, line: Cost) -> Sequence[Cost]:
    """The lines that put it right, the first one first."""
    return session.scalars(select(Cost).where(Cost.corrects == line.id).order_by(Cost.id)).all()


def stands_at(line: Cost, corrections: Sequence[Cost]) -> Money:
    """What a line comes to with its corrections."""
    return Money(line.amount_minor + sum(one.amount_minor for one in corrections), line.currency)


def correct(session: Session, line_id: int, should_be: Money, reason: str, *, actor: str, now: datetime) -> Money:
    """Make a line come to `should_be` by a line beside it, audited; gives the difference.

    Of two at once the second sees the first. Raises NotFoundError, RefusedError for a line that is a correction
    itself, InvalidError for a reason that is missing or too long and for what the line comes to already.
    """
    line = cost_by_id(session, line_id, lock=True)
    if line.corrects is not None:
        raise RefusedError(N_("This line is a correction itself."), remedy=N_("Correct the line that it is about."))
    told = " ".join(reason.split())
    if not told or len(told) > LONGEST_NOTE or not told.isprintable():
        raise InvalidError("reason", N_("Say why, in at most %(longest)d characters."), longest=LONGEST_NOTE)
    before = corrections_of(session, line)
    stands = stands_at(line, before)
    difference = should_be - stands
    if not difference.minor:
        raise InvalidError("amount", N_("That is what it comes to already."))
    record_cost(session, _beside(line, before, difference, told), now)
    detail = {"line": line.id, "day": str(line.day), "before": stands.minor, "after": should_be.minor,
              "currency": line.currency, "reason": told}  # fmt: skip
    audit(session, actor=actor, action="cost corrected", subject=line.channel, detail=detail, now=now)
    return difference


def _beside(line: Cost, before: Sequence[Cost], difference: Money, reason: str) -> NewCost:
    return NewCost(
        source=CORRECTION,
        source_key=f"{line.id} {before[-1].id if before else line.id}",
        day=line.day,
        side=line.side,
        channel=line.channel,
        country=line.country,
        campaign=line.campaign,
        amount_minor=difference.minor,
        currency=difference.currency,
        corrects=line.id,
        note=reason,
    )
