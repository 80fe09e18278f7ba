"""Sharing a report: that of the channels page as it is now, or a kept one, by a link that ends."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.errors import GrowthError, InvalidError
from growth.measurement.report import Report, report
from growth.measurement.reports.keeping import keep_shared, report_by_id
from growth.measurement.reports.sharing import DAYS, share
from growth.measurement.reports.snapshot import Snapshot, from_json, snapshot_of
from growth.measurement.reports.telling import told
from growth.people.accounts import Role
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_wanted import Wanted, WantedDep
from growth.web.rendering import locale_of, render

router = APIRouter()
SHARERS = (Role.MANAGER,)
USUAL_DAYS = 7

DaysForm = Annotated[str, Form(max_length=20)]


@router.get("/channels/share", dependencies=[allow(*SHARERS)])
def share_channels_form(request: Request, session: SessionDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """What would be shared, and for how long."""
    snapshot = snapshot_of(session, _found(session, wanted, clock.now()), clock.now())
    return _page(request, snapshot, action=f"/channels/share?{wanted.query()}", back=f"/channels?{wanted.query()}")


@router.post("/channels/share", dependencies=[allow(*SHARERS)])
def share_channels(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    wanted: WantedDep,
    *,
    lasts: DaysForm = "",
) -> Response:
    """Keep the report as it is now, and show the link to it."""
    found, now = _found(session, wanted, clock.now()), clock.now()
    action, back = f"/channels/share?{wanted.query()}", f"/channels?{wanted.query()}"
    try:
        with session.begin_nested():
            kept = keep_shared(session, found, made_by=viewer.email, now=now)
            link, path = share(session, kept, _days(lasts), actor=viewer.email, now=now)
    except InvalidError as error:
        return _page(request, snapshot_of(session, found, now), action=action, back=back, errors={"days": error})
    return _page(request, from_json(kept.content), back=back, path=path, ends_at=link.ends_at)


@router.get("/reports/{report_id}/share", dependencies=[allow(*SHARERS)])
def share_report_form(request: Request, session: SessionDep, report_id: int) -> Response:
    """The same for a kept report."""
    snapshot = from_json(report_by_id(session, report_id).content)
    return _page(request, snapshot, action=f"/reports/{report_id}/share", back=f"/reports/{report_id}")


@router.post("/reports/{report_id}/share", dependencies=[allow(*SHARERS)])
def share_report(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    report_id: int,
    lasts: DaysForm = "",
) -> Response:
    """Show a link to a kept report."""
    kept, back = report_by_id(session, report_id), f"/reports/{report_id}"
    snapshot = from_json(kept.content)
    try:
        link, path = share(session, kept, _days(lasts), actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _page(request, snapshot, action=f"{back}/share", back=back, errors={"days": error})
    return _page(request, snapshot, back=back, path=path, ends_at=link.ends_at)


def _found(session: Session, wanted: Wanted, now: datetime) -> Report:
    period = wanted.period(session, now)
    return report(
        session, wanted.side, period, wanted.country, now, language=wanted.language, comparison=wanted.comparison
    )


def _days(text: str) -> int:
    return int(text) if text in map(str, DAYS) else 0


def _page(
    request: Request, snapshot: Snapshot, *, errors: dict[str, GrowthError] | None = None, **more: object
) -> Response:
    path = more.get("path")
    values = {"action": "", "path": "", "ends_at": None} | more
    return render(
        request,
        "report_share.html",
        status=422 if errors else 200,
        report=told(snapshot, locale_of(request)),
        lengths=DAYS,
        chosen=USUAL_DAYS,
        link=f"{settings().public_url}{path}" if path else "",
        errors=errors or {},
        **values,
    )
