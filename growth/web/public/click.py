"""`/c/{signed}`: a link of a message, counted and sent on to where the message says, never elsewhere."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from growth.campaigns.email import bursts
from growth.campaigns.email.machines import BURST_LINKS, clicked_by_machine
from growth.campaigns.email.recipients import link_of, links_followed, recipients
from growth.errors import NotFoundError
from growth.events.links import read_click, sign_person
from growth.locales import N_
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, public
from growth.web.public.happened import happened, is_reading
from growth.web.public.landing import landing

router = APIRouter()


@router.api_route("/c/{signed}", methods=["GET", "HEAD"], dependencies=[public()])
def click(request: Request, session: SessionDep, clock: ClockDep, signed: str) -> Response:
    """302 to the link's destination. The signature names a message and a position in it, not an address."""
    asked, now = read_click(signed), clock.now()
    recipient = recipients(session, [asked.delivery_id]).get(asked.delivery_id)
    url = link_of(session, recipient, asked.position) if recipient else None
    if recipient is None or url is None or not url.startswith(("https://", "http://")):
        raise NotFoundError(N_("What this link led to is gone."))
    if is_reading(request):
        bursts.one_at_a_time(session, recipient.delivery_id)
        lately = len(links_followed(session, recipient, now) | {asked.position})
        machine = clicked_by_machine(request.headers.get("user-agent", ""), lately)
        kind = "email_machine_click" if machine else "email_click"
        happened(session, recipient, kind, "link", now, position=asked.position)
        if lately >= BURST_LINKS:
            bursts.take_back(session, recipient, now)
    token = sign_person(recipient.person_id, now) if recipient.person_id is not None else None
    target = landing(url, shop_url=settings().shop_url, campaign=recipient.campaign, token=token)
    return RedirectResponse(target, 302, headers={"X-Robots-Tag": "noindex"})
