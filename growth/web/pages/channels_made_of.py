"""What a figure of the channel report is made of: people and what they did, contacts, or lines of cost."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from growth.attribution.channels import labels
from growth.attribution.models import Contact
from growth.database.audit import audit
from growth.database.engine import transaction
from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.figures import WHOLE, Figures
from growth.measurement.made_of import Asked, Part, Place, costs, parts, paths, whole
from growth.measurement.side_words import WORDS, SideWords
from growth.measurement.sums import Cut
from growth.money import Money
from growth.people.importing.rejected import safe_cell
from growth.spend.currencies import base_currency
from growth.spend.records import Cost
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_wanted import WantedDep
from growth.web.channel_words import SIDE_NAMES
from growth.web.channel_words import whole as count_of
from growth.web.formats import money_text, number_text
from growth.web.pages.channels import READERS
from growth.web.pages.people import READERS as PEOPLE_READERS
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, render, said

router = APIRouter(prefix="/channels/made-of")
PAGE = 50
_BATCH = 500
_STEPS = 6
"""Of a path, the latest that are shown."""
KINDS = {
    "registration": N_("Registered"),
    "shop_open": N_("Opened a shop"),
    "first_order": N_("First order"),
    "order": N_("Order"),
    "refund": N_("Refund"),
    "click": N_("Contact"),
}


@dataclass(frozen=True)
class Page:
    """A figure asked for, with where its list goes on."""

    asked: Asked
    after: str

    @property
    def place(self) -> Place | None:
        """Where the list goes on. Raises InvalidError for a place there isn't."""
        if not self.after:
            return None
        try:
            at, *numbers = self.after.split("~")
            read: Any = date.fromisoformat if self.asked.figure == "cost" else datetime.fromisoformat
            place = (read(at), *map(int, numbers))
        except ValueError:
            place = ()
        wanted = 2 if self.asked.figure == "cost" else 3
        odd = len(place) != wanted or not all(0 <= one < 2**63 for one in place[1:])
        if odd or (isinstance(place[0], datetime) and place[0].tzinfo is None):
            raise InvalidError("after", N_("There is no such page."))
        return place


def page_of(
    session: SessionDep, clock: ClockDep, wanted: WantedDep, *, figure: str = "acquired", channel: str = "",
    day: str = "", after: Annotated[str, Query(max_length=80)] = "",
) -> Page:  # fmt: skip
    """From the query of an address; `day` is one day instead of a period. Raises InvalidError, NotFoundError."""
    if day:
        wanted = type(wanted)(wanted.side, wanted.country, language=wanted.language, first=day, last=day)
    cut = Cut(wanted.side, wanted.country, wanted.language)
    asked = Asked(figure, channel or None, cut, wanted.period(session, clock.now()))
    asked.check()
    return Page(asked, after)


PageDep = Annotated[Page, Depends(page_of)]


@router.get("", dependencies=[allow(*READERS)])
def made_of(request: Request, session: SessionDep, viewer: ViewerDep, wanted: WantedDep, page: PageDep) -> Response:
    """A page of what it is made of."""
    asked, place = page.asked, page.place
    total = whole(session, asked)
    currency = base_currency(session)
    rows: list[dict[str, Any]] = []
    last: Place | None = None
    if total.within and asked.figure == "cost":
        lines = costs(session, asked, total.within, place, PAGE + 1)
        rows = [_cost_row(request, one) for one in lines[:PAGE]]
        last = (lines[PAGE - 1].day, lines[PAGE - 1].id) if len(lines) > PAGE else None
    elif total.within:
        found = parts(session, asked, total.within, place, PAGE + 1)
        before = {} if asked.figure == "touches" else paths(session, found[:PAGE])
        rows = [_row(request, asked, one, before.get(one.id, [])) for one in found[:PAGE]]
        last = found[PAGE - 1].place if len(found) > PAGE else None
    return render(
        request,
        "channels_made_of.html",
        wanted=wanted,
        asked=asked,
        name=said(request, figure_name(asked.figure, WORDS[asked.cut.side])),
        side=SIDE_NAMES[asked.cut.side],
        channel=labels(asked.cut.side).get(asked.channel or ""),
        country=country_name(asked.cut.country or "", locale_of(request)),
        total=_told(request, asked.figure, total.figures, currency),
        rows=rows,
        see_people=viewer.has(*PEOPLE_READERS),
        first=place is None,
        next="~".join([last[0].isoformat(), *map(str, last[1:])]) if last else None,
        here=lambda **more: _query(asked, **more),
    )


def _query(asked: Asked, **more: object) -> str:
    cut = asked.cut
    days = {"from": asked.period.first, "to": asked.period.last}
    named = {"side": cut.side, "country": cut.country, "language": cut.language, "channel": asked.channel}
    kept = named | days | {"figure": asked.figure} | more
    return urlencode({name: value for name, value in kept.items() if value not in {None, ""}})


def figure_name(figure: str, words: SideWords) -> str:
    """What a figure is called, translatable."""
    return {
        "acquired": words.acquired,
        "ordered": words.in_time,
        "orders": words.orders,
        "repeated": N_("Ordered again in 60 days"),
        "value": N_("Value of orders"),
        "touches": N_("Visits"),
        "cost": N_("Cost"),
    }[figure]


def _told(request: Request, figure: str, figures: Figures, currency: str) -> str:
    locale = locale_of(request)
    if figure in {"value", "cost"}:
        return money_text(Money(figures.value_minor if figure == "value" else figures.cost_minor, currency), locale)
    count = getattr(figures, figure)
    return number_text(count if figure == "touches" else count_of(count), locale)


def _row(request: Request, asked: Asked, one: Part, before: Sequence[Contact]) -> dict[str, Any]:
    names, locale = labels(asked.cut.side), locale_of(request)
    steps = [said(request, names.get(contact.channel, contact.channel)) for contact in before]
    return {
        "at": one.at,
        "kind": KINDS.get(one.kind, one.kind),
        "person": one.person_id,
        "country": country_name(one.country, locale),
        "channel": names.get(one.channel, one.channel),
        "share": "" if one.share in {0, WHOLE} else number_text(Decimal(one.share) / WHOLE, locale, 3),
        "value": Money(one.value_minor, one.currency) if one.currency and one.value_minor else None,
        "path": " → ".join([*(["…"] if len(steps) > _STEPS else []), *steps[-_STEPS:]]),
    }


def _cost_row(request: Request, line: Cost) -> dict[str, Any]:
    return {
        "day": line.day,
        "channel": labels(line.side).get(line.channel, line.channel),
        "campaign": line.campaign,
        "country": country_name(line.country, locale_of(request)),
        "source": line.source,
        "amount": Money(line.amount_minor, line.currency),
    }


@router.get("/export.csv", dependencies=[allow(*READERS)])
def export(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, page: PageDep) -> Response:
    """All of it as a file; who took it out stands in the audit log."""
    asked = page.asked
    detail = {"figure": asked.figure, "side": asked.cut.side, "channel": asked.channel, "country": asked.cut.country,
              "from": asked.period.first.isoformat(), "to": asked.period.last.isoformat()}  # fmt: skip
    audit(session, actor=viewer.email, action="channels.export", subject=asked.figure, detail=detail, now=clock.now())
    heads = _COST_COLUMNS if asked.figure == "cost" else _COLUMNS
    names = {key: said(request, label) for key, label in (labels(asked.cut.side) | KINDS).items()}
    rows = _rows(request.app.state.engine, asked, whole(session, asked).within is not None, names)
    name = f"{asked.figure}-{asked.period.first}-{asked.period.last}.csv"
    return StreamingResponse(
        _written([said(request, one) for one in heads], rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


_COLUMNS = (N_("When"), N_("What"), N_("Person"), N_("Country"), N_("Channel"), N_("Part"), N_("Value"),
            N_("Currency"), N_("Contacts before"))  # fmt: skip
_COST_COLUMNS = (N_("Day"), N_("Channel"), N_("Campaign"), N_("Country"), N_("From"), N_("Amount"), N_("Currency"))


def _rows(engine: Engine, asked: Asked, there: bool, names: Mapping[str, str]) -> Iterator[list[str]]:
    """In batches of a transaction each, so that a long file holds none open."""
    after: Place | None = None
    while there:
        with transaction(engine) as session:
            batch = list(_batch(session, asked, after, names))
        yield from (row for _, row in batch)
        there = len(batch) == _BATCH
        after = batch[-1][0] if batch else None


def _batch(
    session: Session, asked: Asked, after: Place | None, names: Mapping[str, str]
) -> Iterator[tuple[Place, list[str]]]:
    if asked.figure == "cost":
        for line in costs(session, asked, asked.period, after, _BATCH):
            amount = Money(line.amount_minor, line.currency)
            place = [line.day.isoformat(), names.get(line.channel, line.channel), line.campaign, line.country]
            yield (line.day, line.id), [*place, line.source, str(amount.amount), line.currency]
        return
    found = parts(session, asked, asked.period, after, _BATCH)
    before = {} if asked.figure == "touches" else paths(session, found)
    for one in found:
        path = " > ".join(names.get(contact.channel, contact.channel) for contact in before.get(one.id, []))
        value = str(Money(one.value_minor, one.currency).amount) if one.currency else ""
        what = [one.at.isoformat(), names.get(one.kind, one.kind), str(one.person_id or ""), one.country]
        part = "" if asked.figure == "touches" else str(Decimal(one.share) / WHOLE)
        yield one.place, [*what, names.get(one.channel, one.channel), part, value, one.currency or "", path]


def _written(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(map(safe_cell, header))
    for number, row in enumerate(rows, 1):
        # Ours to write: a refund's amount begins with a minus and is no formula.
        writer.writerow([cell if _plain_number(cell) else safe_cell(cell) for cell in row])
        if number % _BATCH == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _plain_number(cell: str) -> bool:
    return cell.removeprefix("-").replace(".", "", 1).isdecimal()
