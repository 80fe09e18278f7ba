"""Anomalies: all that left their usual course, each with what may lie behind it; seen and explained here."""

import csv
import io
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES, labels
from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.anomalies.listing import Wanted, anomaly_by_id, every_one, found_so_far
from growth.measurement.anomalies.watching import LONGEST_EXPLANATION, STATES, move_on
from growth.people.accounts import Role
from growth.people.importing.rejected import safe_cell
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.anomaly_words import MEASURES, departed, place, signed
from growth.web.channel_words import SIDE_NAMES
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/anomalies")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(
    group=N_("Overview"), label=N_("Anomalies"), href="/anomalies", icon="alert-triangle", order=13, roles=READERS
)
SIZE = 50
STATE_NAMES = {"new": N_("New"), "seen": N_("Seen"), "explained": N_("Explained")}
TONES = {"new": "bad", "seen": "warn", "explained": "good"}
_COLUMNS = (
    N_("Found"), N_("Since"), N_("Side"), N_("Where"), N_("What"), N_("Change"), N_("State"), N_("Explanation"),
    N_("Behind it"),
)  # fmt: skip
AnomalyId = Annotated[int, Path(ge=1, le=2**63 - 1)]
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


def wanted_of(state: str = "", side: str = "", channel: str = "") -> Wanted:
    """What an address asks for; what there is not is all."""
    sides = [side] if side in SIDES else SIDES
    return Wanted(
        state if state in STATES else "",
        side if side in SIDES else "",
        channel if any(channel in labels(one) for one in sides) else "",
    )


def query_of(wanted: Wanted, **more: object) -> str:
    """The same in an address."""
    return urlencode({name: value for name, value in {**vars(wanted), **more}.items() if value})


@router.get("", dependencies=[allow(*READERS)])
def anomalies_page(
    request: Request, session: SessionDep, *, state: str = "", side: str = "", channel: str = "", after: After = None
) -> Response:
    """All of them, the newest first."""
    wanted = wanted_of(state, side, channel)
    found = found_so_far(session, wanted, after=after, size=SIZE + 1)
    names = {key: label for one in SIDES for key, label in labels(one).items()}
    return render(
        request,
        "anomaly_list.html",
        wanted=wanted,
        query=query_of(wanted),
        rows=[(one, departed(request, one)) for one in found[:SIZE]],
        next=query_of(wanted, after=found[SIZE - 1].id) if len(found) > SIZE else None,
        first=after is None,
        states=STATE_NAMES,
        tones=TONES,
        sides=SIDE_NAMES,
        channels=names,
    )


@router.get("/export.csv", dependencies=[allow(*READERS)])
def export(request: Request, session: SessionDep, *, state: str = "", side: str = "", channel: str = "") -> Response:
    """The same as a file that a spreadsheet opens."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([safe_cell(said(request, title)) for title in _COLUMNS])
    for one in every_one(session, wanted_of(state, side, channel)):
        told = departed(request, one)
        cells = (
            one.day.isoformat(), one.since.isoformat(), said(request, SIDE_NAMES[one.side]),
            place(request, one.side, one.channel, one.country), said(request, MEASURES[one.side, one.measure]),
            signed(one.change, locale_of(request)), said(request, STATE_NAMES[one.state]), one.explanation,
            " ".join(told.causes),
        )  # fmt: skip
        writer.writerow([safe_cell(cell) for cell in cells])
    headers = {"Content-Disposition": 'attachment; filename="anomalies.csv"'}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{anomaly_id}", dependencies=[allow(*READERS)])
def anomaly_page(request: Request, session: SessionDep, anomaly_id: AnomalyId) -> Response:
    """One of them."""
    return _page(request, session, anomaly_id)


def _page(request: Request, session: Session, anomaly_id: int, *, status: int = 200, **more: Any) -> Response:
    found = anomaly_by_id(session, anomaly_id)
    return render(
        request,
        "anomaly.html",
        status=status,
        anomaly=found,
        told=departed(request, found),
        states=STATE_NAMES,
        tones=TONES,
        longest=LONGEST_EXPLANATION,
        **({"errors": {}, "typed": found.explanation} | more),
    )


@router.post("/{anomaly_id}", dependencies=[allow(*READERS)])
def move(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    anomaly_id: AnomalyId,
    state: Annotated[str, Form()] = "",
    explanation: Annotated[str, Form()] = "",
) -> Response:
    """Mark it as seen, or say what it was; what can't be kept is shown again on its own page."""
    words = explanation[:2_000]
    try:
        moved = move_on(session, anomaly_id, state, _readable(words), actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _page(request, session, anomaly_id, status=422, typed=words, errors={error.field: error})
    done = N_("Explained, and off the list.") if state == "explained" else N_("Marked as seen.")
    return toast(see_other(f"/channels?side={moved.side}#attention"), done)


def _readable(words: str) -> str:
    if not words.isprintable():
        raise InvalidError("explanation", N_("Write it in one line of letters that can be read."))
    return words
