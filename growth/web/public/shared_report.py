"""`/r/…`: a report by a link, for whoever has it, until it ends; it leads nowhere else."""

from fastapi import APIRouter, Request, Response

from growth.database.workspace import workspace
from growth.errors import TransientError
from growth.measurement.reports.sharing import EndedError, open_link
from growth.web.access import ClockDep, SessionDep, public
from growth.web.failures import answer
from growth.web.rendering import locale_of, render
from growth.web.report_views import shown

router = APIRouter(prefix="/r")
_HIDDEN = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""No search engine keeps it, and no site that is visited from it learns its address."""


@router.get("/{token}", dependencies=[public()])
def shared_report(request: Request, session: SessionDep, clock: ClockDep, token: str) -> Response:
    """The report as it was when the link was made, or that the link has ended."""
    place = workspace(session)
    request.state.demo = place is not None and place.demo
    try:
        found = open_link(session, token, clock.now())
    except EndedError as ended:
        response = render(request, "report_ended.html", status=410, how=ended.how.value)
    except TransientError as often:
        retry = {"Retry-After": str(int(often.retry_after or 60))}
        response = answer(request, 429, often.message, remedy=often.remedy, headers=retry)
    else:
        response = render(
            request,
            "report_shared.html",
            organisation=place.name if place else "",
            made_at=found.made_at,
            ends_at=found.ends_at,
            zone=place.time_zone if place else "UTC",
            **shown(found.snapshot, locale_of(request)),
        )
    response.headers.update(_HIDDEN)
    return response
