"""What a figure of the channel report is made of: its conversions, its contacts or its lines of cost, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, literal, literal_column, select, text, tuple_
from sqlalchemy.orm import Session

from growth.attribution.channels import labels
from growth.attribution.credits import contacts_before
from growth.attribution.following import ACQUIRING, FOLLOWED
from growth.attribution.models import Contact
from growth.attribution.records import Conversion, Credit, Touch
from growth.attribution.versions import read_versions
from growth.database.changed_days import bounds, zone_of
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.measurement.figures import Figures
from growth.measurement.languages import LANGUAGE
from growth.measurement.periods import Period
from growth.measurement.sums import Cut, sums_of
from growth.people.records import Person
from growth.spend.records import Cost

_KINDS = {
    "acquired": f"conversion.kind = {ACQUIRING}",
    "ordered": f"conversion.kind = {ACQUIRING} and {FOLLOWED}",
    "orders": "conversion.kind = 'first_order'",
    "repeated": f"conversion.kind = 'first_order' and {FOLLOWED}",
    "value": "credit.value_minor <> 0",
}
FIGURES = (*_KINDS, "touches", "cost")
_LANGUAGE: ColumnElement[str] = literal_column(LANGUAGE, String)

Place = tuple[Any, ...]
"""Where the next page goes on."""


@dataclass(frozen=True)
class Asked:
    """A figure of a channel, all of them for None, in a part of everything and a period."""

    figure: str
    channel: str | None
    cut: Cut
    period: Period

    def check(self) -> None:
        """Raise InvalidError for a figure there isn't, NotFoundError for a channel the side doesn't have."""
        if self.figure not in FIGURES:
            raise InvalidError("figure", N_("The report has no such figure."))
        if self.channel is not None and self.channel not in labels(self.cut.side):
            raise NotFoundError(N_("There is no such channel on this side."))


@dataclass(frozen=True)
class Part:
    """A conversion's credit, or a contact: `share` and `value_minor` are nothing then."""

    id: int
    position: int
    at: datetime
    kind: str
    person_id: int | None
    country: str
    channel: str
    share: int
    value_minor: int
    currency: str | None

    @property
    def place(self) -> Place:
        """Where a page after this goes on."""
        return self.at, self.id, self.position


@dataclass(frozen=True)
class Whole:
    """The figure itself as the report has it, and the days on which there is anything of it."""

    figures: Figures
    within: Period | None
    """None where there is nothing, so that nothing need be looked for."""


def whole(session: Session, asked: Asked) -> Whole:
    """The figure as the report shows it: from the roll-up. Raises as `Asked.check`."""
    asked.check()
    by_day = sums_of(session, asked.cut, asked.period).by_day
    mine = [(day, one) for (channel, day), one in by_day.items() if asked.channel in {None, channel}]
    if asked.figure == "cost" and asked.cut.language:
        mine = []  # a cost has no language
    # Orders and refunds, and amounts without a rate, may come to nothing though there are some.
    days = [day for day, one in mine if asked.figure in {"value", "cost"} or getattr(one, asked.figure)]
    return Whole(sum((one for _, one in mine), Figures()), Period(min(days), max(days)) if days else None)


def parts(session: Session, asked: Asked, within: Period, after: Place | None, limit: int) -> list[Part]:
    """Conversions with their credit, or contacts, the newest first, after a place when given."""
    found = _touches(asked) if asked.figure == "touches" else _credits(asked)
    zone = zone_of(session)
    source: Any = Touch if asked.figure == "touches" else Conversion
    first, last = bounds(within.first, zone)[0], bounds(within.last, zone)[1]
    found = found.where(source.side == asked.cut.side, source.occurred_at >= first, source.occurred_at < last)
    if asked.cut.country is not None:
        found = found.where(func.coalesce(source.country, "") == asked.cut.country)
    if asked.cut.language is not None:
        found = found.outerjoin(Person, Person.id == source.person_id).where(_LANGUAGE.in_([asked.cut.language]))
    order: list[Any] = [source.occurred_at, source.id]
    order += [] if asked.figure == "touches" else [Credit.position]
    if after is not None:
        # The first alone is what an index can begin at; the rest is in another table.
        found = found.where(source.occurred_at <= after[0], tuple_(*order) < tuple_(*map(literal, after[: len(order)])))
    rows = session.execute(found.order_by(*(column.desc() for column in order)).limit(limit))
    return [Part(*row) for row in rows]


def _credits(asked: Asked) -> Select[*tuple[Any, ...]]:
    found = select(
        Conversion.id, Credit.position, Conversion.occurred_at, Conversion.kind, Conversion.person_id,
        func.coalesce(Conversion.country, ""), Credit.channel, Credit.share, Credit.value_minor, Conversion.currency,
    ).join(Credit, Credit.conversion_id == Conversion.id).where(text(f"({_KINDS[asked.figure]})"))  # fmt: skip
    return found if asked.channel is None else found.where(Credit.channel == asked.channel)


def _touches(asked: Asked) -> Select[*tuple[Any, ...]]:
    found = select(
        Touch.id, literal(0), Touch.occurred_at, Touch.kind, Touch.person_id, func.coalesce(Touch.country, ""),
        Touch.channel, literal(0), literal(0), literal(None, String),
    ).where(Touch.kind == "click")  # fmt: skip
    return found if asked.channel is None else found.where(Touch.channel == asked.channel)


def paths(session: Session, found: Sequence[Part]) -> dict[int, list[Contact]]:
    """By conversion the contacts before it that the model in force may credit, the first one first."""
    contacts = contacts_before(session, sorted({one.id for one in found}), read_versions(session))
    return {one: sorted(before, key=lambda contact: contact.occurred_at) for one, before in contacts.items()}


def costs(
    session: Session, asked: Asked, within: Period, after: tuple[date, int] | None, limit: int
) -> list[Cost]:  # fmt: skip
    """Lines of cost, the newest first, after this (day, id) when given."""
    found = select(Cost).where(Cost.day.between(within.first, within.last), Cost.side == asked.cut.side)
    if asked.channel is not None:
        found = found.where(Cost.channel == asked.channel)
    if asked.cut.country is not None:
        found = found.where(Cost.country == asked.cut.country)
    if after is not None:
        found = found.where(tuple_(Cost.day, Cost.id) < tuple_(*map(literal, after)))
    return list(session.scalars(found.order_by(Cost.day.desc(), Cost.id.desc()).limit(limit)))
