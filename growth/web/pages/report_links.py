"""Links that share reports: who made them, when they end, how often they were opened; each can be taken back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from growth.locales import N_
from growth.measurement.reports import sharing
from growth.measurement.reports.figures_in_words import span
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.rendering import locale_of, render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/reports/links")
PAGE = 50


@router.get("", dependencies=[allow(Role.MANAGER)])
def links(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    ended: str = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """A page of those that work, or of those that don't any more."""
    live, locale = not ended, locale_of(request)
    found = sharing.links(session, clock.now(), live=live, before=before, limit=PAGE + 1)
    rows = [
        {"link": one.link, "snapshot": one.snapshot, "period": span(one.snapshot.first, one.snapshot.last, locale)}
        for one in found[:PAGE]
    ]
    older = found[PAGE - 1].link.id if len(found) > PAGE else None
    return render(request, "report_links.html", rows=rows, older=older, live=live, sides=SIDE_NAMES)


@router.post("/{link_id}/revoke", dependencies=[allow(Role.MANAGER)])
def revoke(session: SessionDep, viewer: ViewerDep, clock: ClockDep, link_id: int) -> Response:
    """Take it back; whoever opens it from now on reads that it has ended."""
    sharing.revoke(session, link_id, actor=viewer.email, now=clock.now())
    return toast(see_other("/reports/links"), N_("The link is taken back."))
