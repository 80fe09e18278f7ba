"""What takes its time to check of a campaign: a part that comes after the review's page, or a page of its own."""

from fastapi import APIRouter, Request, Response

from growth.campaigns.checks.looking import slow_checks_of
from growth.campaigns.reading import campaign_by_id
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, allow
from growth.web.check_views import check_values
from growth.web.rendering import locale_of, render

router = APIRouter(prefix="/campaigns")


@router.get("/{campaign_id}/checks", dependencies=[allow(Role.MARKETER, Role.MANAGER)])
def checks(request: Request, session: SessionDep, clock: ClockDep, campaign_id: int) -> Response:
    """The pages that links lead to, the sender's domain, and whether everybody has what the message says of them."""
    campaign = campaign_by_id(session, campaign_id)
    values = check_values(campaign, slow_checks_of(session, campaign, clock.now()), locale_of(request))
    part = "hx-request" in request.headers
    return render(request, "campaign_check_rows.html" if part else "campaign_checked.html", **values)
