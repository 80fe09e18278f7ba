"""The cost ledger: every line by day, channel, campaign and country, its sums, its file, and files brought in."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS
from growth.database.audit import audit
from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.importing import uploads
from growth.people.importing.rejected import safe_cell
from growth.scheduling.history import run_by_id, runs_of
from growth.scheduling.words import STATES
from growth.spend import uploaded
from growth.spend.currencies import base_currency
from growth.spend.listing import Line, every_line, lines, sum_of
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.cost_words import CHANNEL_NAMES, NO_COUNTRY, SOURCES, Wanted, WantedDep, named, row_of, wanted_of
from growth.web.job_views import TONES
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.uploads import UNLIMITED, receive_file

router = APIRouter(prefix="/costs")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(group=N_("Overview"), label=N_("Costs"), href="/costs", icon="tag", order=11, roles=READERS)
PAGE = 50
FILES = 5
RunId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_PLACE = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})")
_COLUMNS = (N_("Day"), N_("Side"), N_("Channel"), N_("Country"), N_("Campaign"), N_("From"), N_("Amount"),
            N_("Currency"))  # fmt: skip


@router.get("", dependencies=[allow(*READERS)])
def costs(request: Request, session: SessionDep, viewer: ViewerDep, wanted: WantedDep, *, after: str = "") -> Response:
    """A page of lines, their sum, and the form for files."""
    return _page(request, session, wanted, after, may=viewer.has(Role.MANAGER))


def _page(
    request: Request, session: Session, wanted: Wanted, after: str = "", *, may: bool, status: int = 200, **more: Any
) -> Response:
    place = _place(after) if after else None
    found = lines(session, wanted.filter, after=place, limit=PAGE + 1)
    last = found[PAGE - 1].cost if len(found) > PAGE else None
    runs = runs_of(session, uploaded.JOB, states=(), before=None, limit=FILES)
    values: dict[str, Any] = {"errors": {}} | more
    return render(
        request,
        "costs.html",
        status=status,
        wanted=wanted,
        rows=[row_of(request, one) for one in found[:PAGE]],
        sum=sum_of(session, wanted.filter),
        first=place is None,
        next=f"{last.day}.{last.id}" if last else None,
        sides=SIDE_NAMES,
        channels=[(SIDE_NAMES[side], CHANNELS[side]) for side in CHANNELS],
        channel_names=CHANNEL_NAMES,
        sources=SOURCES,
        no_country=NO_COUNTRY,
        base=base_currency(session),
        may=may,
        runs=[(run, uploaded.rejected_rows(run) is not None) for run in runs] if may else [],
        states=STATES,
        tones=TONES,
        most=uploaded.MOST_BYTES // 1_000_000,
        **values,
    )


def _place(after: str) -> tuple[date, int]:
    match = _PLACE.fullmatch(after)
    try:
        if match:
            return date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        pass
    raise InvalidError("after", N_("There is no such page."))


@router.get("/export.csv", dependencies=[allow(*READERS)])
def export(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """The lines of the same filter as a file: amounts in major units, plain numbers."""
    audit(session, actor=viewer.email, action="costs.export", subject="costs", detail=wanted.asked, now=clock.now())
    base = base_currency(session)
    titles = [said(request, title) for title in _COLUMNS]
    titles.append(said(request, N_("In %(currency)s"), currency=base))
    rows = every_line(request.app.state.engine, wanted.filter)
    name = f"costs-{wanted.filter.first}-{wanted.filter.last}.csv"
    return StreamingResponse(
        _written(titles, rows, lambda line: _cells(request, line)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _written(titles: list[str], rows: Iterator[Line], cells: Callable[[Line], list[str]]) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(map(safe_cell, titles))
    for number, line in enumerate(rows, 1):
        writer.writerow(cells(line))
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _cells(request: Request, line: Line) -> list[str]:
    """Numbers are ours and stay as they are: a spreadsheet should count with a negative one too."""
    cost, words = line.cost, named(request, line.cost)
    texts = [str(cost.day), cost.side, words["channel"], cost.country, cost.campaign, words["source"]]
    turned = "" if line.turned is None else str(line.turned.amount)
    return [*map(safe_cell, texts), str(line.amount.amount), cost.currency, turned]


@router.post("/import", dependencies=[allow(Role.MANAGER)], max_body_size=UNLIMITED)
async def bring_in(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """Take a file in while it arrives, and have it brought in by a job."""
    # Nobody's connection waits for a slow upload.
    await to_thread.run_sync(session.commit)
    engine, locale = request.app.state.engine, locale_of(request)
    try:
        received = await receive_file(request, "file", uploads.new_place(), most=uploaded.MOST_BYTES)
    except InvalidError as error:
        wrong = {"file": error}

        def again() -> Response:
            with transaction(engine) as read:
                return _page(request, read, wanted_of(read, clock), may=True, status=422, errors=wrong)

        return await to_thread.run_sync(again)

    def keep() -> Response:
        with transaction(engine) as kept:
            run_id = uploaded.start(kept, received, locale=locale, by=viewer.email, now=clock.now())
        return see_other(f"/jobs/runs/{run_id}")

    return await to_thread.run_sync(keep)


@router.get("/rejected/{run_id}.csv", dependencies=[allow(Role.MANAGER)])
def rejected(session: SessionDep, run_id: RunId) -> Response:
    """The rows of a file that didn't go in, each with what is wrong and how to put it right."""
    run = run_by_id(session, run_id)
    path = uploaded.rejected_rows(run)
    if path is None:
        raise NotFoundError(N_("There is no file of rejected rows any more."))
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"{run.args.get('name')}.rejected.csv")
