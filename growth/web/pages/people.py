"""People: everybody we know, newest first, found by exact address, country, language and permission."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from growth.database.audit import audit
from growth.errors import InvalidError
from growth.locales import LOCALES, N_
from growth.people.accounts import Role
from growth.people.importing.rejected import safe_cell
from growth.people.listing import (
    GRANTED,
    NONE,
    Entry,
    Wanted,
    count_people,
    every_person,
    known_values,
    list_people,
)
from growth.people.records import Person
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.navigation import NavEntry
from growth.web.people_words import country_name, language_name
from growth.web.rendering import locale_of, render, said

router = APIRouter(prefix="/people")
READERS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(group=N_("Overview"), label=N_("People"), href="/people", icon="users", order=40, roles=READERS)
_COLUMNS = (
    N_("Number"),
    N_("Name"),
    N_("E-mail"),
    N_("Phone"),
    N_("Country"),
    N_("Language"),
    N_("Permission"),
    N_("Since"),
)


def _wanted(country: str = "", locale: str = "", permission: str = "", find: str = "") -> Wanted:
    """The filter in the address; what can't be stored fits nobody."""
    chosen = permission if permission in {GRANTED, NONE} else None
    clean = [text.replace("\0", "").strip()[:300] or None for text in (country, locale, find)]
    return Wanted(country=clean[0], locale=clean[1], permission=chosen, find=clean[2])


WantedDep = Annotated[Wanted, Depends(_wanted)]


@router.get("", dependencies=[allow(*READERS)])
def people(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    wanted: WantedDep,
    *,
    after: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """A page of people."""
    locale = locale_of(request)
    values: dict[str, Any] = {"page": None, "count": None, "errors": {}}
    try:
        values |= {"page": list_people(session, wanted, after=after), "count": count_people(session, wanted)}
    except InvalidError as error:
        values["errors"] = {"find": error}
    countries = {code: country_name(code, locale) for code in known_values(session, Person.country)}
    return render(
        request,
        "people.html",
        status=422 if values["errors"] else 200,
        wanted=wanted,
        query=urlencode(wanted.as_query()),
        first=after is None,
        countries=sorted(countries.items(), key=lambda one: one[1]),
        languages_known=[(tag, language_name(tag, locale)) for tag in (*LOCALES, *_others(session))],
        country_name=country_name,
        language_name=language_name,
        may=viewer.has(Role.MARKETER),
        **values,
    )


def _others(session: SessionDep) -> list[str]:
    return [tag for tag in known_values(session, Person.locale) if tag not in LOCALES]


@router.get("/export.csv", dependencies=[allow(Role.MARKETER)])
def export(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """The people of the same filter as a file; who took it out stands in the audit log."""
    list_people(session, wanted, size=1)  # a filter that can't be read is refused before the answer begins
    detail = {name: value for name, value in wanted.as_query().items() if name != "find"}
    subject = "one address" if wanted.find else "people"
    audit(session, actor=viewer.email, action="people.export", subject=subject, detail=detail, now=clock.now())
    header = [said(request, name) for name in _COLUMNS]
    names = {True: said(request, N_("yes")), False: said(request, N_("no"))}
    rows = _rows(every_person(request.app.state.engine, wanted), names)
    return StreamingResponse(
        _written(header, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="people.csv"'},
    )


def _rows(people: Iterable[Entry], names: dict[bool, str]) -> Iterator[list[str]]:
    for one in people:
        addresses = [", ".join(one.emails), ", ".join(one.phones)]
        place = [one.country or "", one.locale or ""]
        yield [str(one.id), one.name or "", *addresses, *place, names[one.permitted], one.since.isoformat()]


def _written(header: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    """CSV a few hundred rows at a time, marked as UTF-8, with nothing that a spreadsheet takes for a formula."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow(map(safe_cell, row))
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
