"""The review of a campaign, the fourth step: what will happen, looked at before it does."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import BaseModel
from sqlalchemy.orm import Session

from growth.campaigns.audience import Review
from growth.campaigns.email.catalogue import Compiled, locales_of, preview
from growth.campaigns.readiness import look
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.database.workspace import workspace
from growth.errors import GrowthError, NotFoundError
from growth.locales import LANGUAGE_NAMES, N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.campaign_words import MORE, REASONS, audience_words, preview_locale
from growth.web.charts import meter
from growth.web.formats import number_text
from growth.web.rendering import locale_of, render, said, see_other

router = APIRouter(prefix="/campaigns")
LOOKS = (Role.MARKETER, Role.MANAGER)
FRAMED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""The policy of a message in its frame: it needs its own inline styles, and may do nothing."""
Locale = Annotated[str | None, Query(max_length=20)]


class Asked(BaseModel):
    """How the message is to be seen, and whether the audience is counted before the page is sent."""

    locale: str | None = None
    width: Literal["desktop", "phone"] = "desktop"
    form: Literal["html", "text"] = "html"
    counted: bool = False


@router.get("/{campaign_id}/review", dependencies=[allow(*LOOKS)])
def review_step(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    asked: Annotated[Asked, Query()],
) -> Response:
    """Who gets it, what they see, and what was checked; counting comes after the page, unless `counted` is asked."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    values: dict[str, Any] = {"campaign": campaign, "may": viewer.has(Role.MARKETER), "who": None}
    part = "hx-request" in request.headers
    if asked.counted or part:
        values |= _counted(request, session, viewer, campaign, clock.now())
    if part:
        return render(request, "campaign_counted.html", **values)
    return render(request, "campaign_review.html", **values, **_seen(request, session, campaign, asked))


def _counted(request: Request, session: Session, viewer: Viewer, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """What is said of the audience and the findings."""
    who, checks = look(session, campaign, now)
    return {
        "who": who,
        "meter": reach_meter(request, who),
        "audience": audience_words(request, campaign.audience, viewer.time_zone),
        "checks": checks,
        "stopped": sum(check.tone == "bad" for check in checks),
        "reasons": REASONS,
        "more": MORE,
    }


@router.get("/{campaign_id}/seen", dependencies=[allow(*LOOKS)])
def seen(request: Request, session: SessionDep, campaign_id: int, *, asked: Annotated[Asked, Query()]) -> Response:
    """The message in another language or width: a part of the review."""
    campaign = campaign_by_id(session, campaign_id)
    values = _seen(request, session, campaign, asked)
    return render(request, "campaign_seen.html", campaign=campaign, **values)


def _seen(request: Request, session: Session, campaign: Campaign, asked: Asked) -> dict[str, Any]:
    read = next(iter(campaign.audience["locales"]), locale_of(request))
    shown = preview_locale(campaign.message, asked.locale or read)
    return {
        "languages_of": [(one, LANGUAGE_NAMES[one]) for one in (locales_of(campaign.message) if shown else [])],
        "shown": shown,
        "width": asked.width,
        "form": asked.form,
        "made": made(session, campaign.message, shown),
        "sender": workspace(session),
    }


def made(session: Session, message: str, locale: str | None) -> Compiled | None:
    """The message as it is shown; None when it can't be made, which the checks say."""
    place = workspace(session)
    values = {"sender_name": place.sender_name, "postal_address": place.postal_address} if place else {}
    try:
        return preview(message, locale, values) if locale else None
    except GrowthError:
        return None


def reach_meter(request: Request, who: Review) -> Markup:
    """The share of the audience that gets it, as a bar."""
    words = said(
        request,
        N_("%(reached)s of %(total)s get it"),
        reached=number_text(who.reached, locale_of(request)),
        total=number_text(who.total, locale_of(request)),
    )
    return meter(who.reached / who.total if who.total else 0, 1, words)


@router.get("/{campaign_id}/preview", dependencies=[allow(*LOOKS)])
def message_preview(request: Request, session: SessionDep, campaign_id: int, locale: Locale = None) -> Response:
    """The message alone, for a frame, under a policy of its own."""
    campaign = campaign_by_id(session, campaign_id)
    shown = preview_locale(campaign.message, locale or locale_of(request))
    found = made(session, campaign.message, shown)
    if found is None:
        raise NotFoundError(N_("This message can't be shown."))
    return HTMLResponse(found.html, headers={"Content-Security-Policy": FRAMED})
