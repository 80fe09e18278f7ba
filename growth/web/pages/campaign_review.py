"""The review of a campaign, the fourth step: what will happen, looked at before it does."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from growth.campaigns.audience import Review, spread
from growth.campaigns.audiences.reading import audience_of_version, named
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.readiness import look
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.sending.rules import rules
from growth.campaigns.states import Kind, State
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.audience_words import conditions_text
from growth.web.campaign_when import when_words
from growth.web.campaign_words import MORE, REASONS
from growth.web.charts import columns, meter
from growth.web.check_views import check_values
from growth.web.formats import number_text, percent_text
from growth.web.pages.campaign_preview import Seen, seen_values
from growth.web.rendering import locale_of, render, said, see_other

router = APIRouter(prefix="/campaigns")
LOOKS = (Role.MARKETER, Role.MANAGER)
_MOST_COLUMNS = 72


class Asked(Seen):
    """How the message is to be seen, and whether the audience is counted before the page is sent."""

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
    campaign, now = campaign_by_id(session, campaign_id), clock.now()
    if campaign.state not in {State.DRAFT, State.AWAITS}:
        return see_other(f"/campaigns/{campaign_id}")
    may = viewer.has(Role.MARKETER) and campaign.state == State.DRAFT
    values: dict[str, Any] = {"campaign": campaign, "may": may, "who": None}
    part = "hx-request" in request.headers
    if asked.counted or part:
        values |= _counted(request, session, viewer, campaign, now)
    if part:
        return render(request, "campaign_counted.html", **values)
    return render(request, "campaign_review.html", **values, **seen_values(request, session, campaign, asked, now))


def _counted(request: Request, session: Session, viewer: Viewer, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """What is said of the audience, the experiment, the moment and the findings."""
    who, checks = look(session, campaign, now)
    values = {
        "who": who,
        "meter": reach_meter(request, who),
        "audience": _audience(request, session, campaign, viewer.time_zone),
        "reasons": REASONS,
        "more": MORE,
        "compared": compared(request, session, campaign),
        "when": when_words(request, campaign, viewer.time_zone),
        "quiet": _quiet(session),
    }
    values |= _spread(request, session, campaign, viewer.time_zone, now)
    return values | check_values(campaign, checks, locale_of(request))


def _audience(request: Request, session: Session, campaign: Campaign, zone: str) -> str:
    """The name of the saved audience it came from, else its conditions."""
    if campaign.audience_version_id is not None:
        number = audience_of_version(session, campaign.audience_version_id)
        if number is not None and (name := named(session, [number]).get(number)):
            return said(request, N_("“%(name)s”"), name=name)
    return conditions_text(request, session, campaign.audience, zone)


def reach_meter(request: Request, who: Review) -> Markup:
    """The share of the audience that gets it, as a bar."""
    words = said(
        request,
        N_("%(reached)s of %(total)s get it"),
        reached=number_text(who.reached, locale_of(request)),
        total=number_text(who.total, locale_of(request)),
    )
    return meter(who.reached / who.total if who.total else 0, 1, words)


def compared(request: Request, session: Session, campaign: Campaign) -> list[tuple[str, str, Markup]]:
    """What is compared: name, share in words, and the share as a bar; the hold-out comes last. Empty for nothing."""
    setup, kept = experiment_of(session, campaign.id), 1 - campaign.holdout_percent / 100
    test = setup.test_percent / 100 if setup else 1
    shares = [(arm.name, kept * test * arm.share / 10_000) for arm in setup.arms] if setup else []
    if test < 1:
        shares.append((said(request, N_("Waits for the winner")), kept * (1 - test)))
    if campaign.holdout_percent:
        shares.append((said(request, N_("Nobody (hold-out)")), campaign.holdout_percent / 100))
    rows = []
    for place, (name, share) in enumerate(shares):
        words = percent_text(share, locale_of(request))
        colour = 7 if campaign.holdout_percent and place == len(shares) - 1 else place % 5 + 1
        rows.append((name, words, meter(share, colour, f"{name}: {words}")))
    return rows


def _quiet(session: Session) -> tuple[str, str] | None:
    """From when until when nothing is sent, as `21:00`."""
    held = rules(session)
    if held.quiet_from is None or held.quiet_until is None:
        return None
    begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in (held.quiet_from, held.quiet_until))
    return begin, end


def _spread(request: Request, session: Session, campaign: Campaign, zone: str, now: datetime) -> dict[str, Any]:
    """Messages by the hour they are due in, and the first and last of these; nothing when all go at once."""
    at_once = campaign.timing.get("mode", "at_once") == "at_once"
    hours = [] if at_once or campaign.kind == Kind.TRIGGERED else spread(session, campaign, now)[:_MOST_COLUMNS]
    if len(hours) < 2:
        return {"chart": None, "first": None, "last": None}
    local = ZoneInfo(zone)
    bars = [(f"{hour.astimezone(local):%H:%M}", float(people)) for hour, people in hours]
    chart = columns(bars, said(request, N_("Messages by the hour they go out in")))
    return {"chart": chart, "first": hours[0][0], "last": hours[-1][0]}
