"""Deliverability: how messages fare at each receiver, what bounced and why, and what to look at before it hurts."""

from typing import Any

from fastapi import APIRouter, Request, Response

from growth.campaigns.email.deliverability import WINDOW, bounces, by_minute, by_receiver, judge, runs_of, runs_since
from growth.campaigns.reading import campaign_by_id
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.deliverability_words import BOUNCES, finding_words, minutes_chart, table
from growth.web.formats import exact_text, number_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render

router = APIRouter()
LOOKS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(
    group=N_("Buyers"), label=N_("Deliverability"), href="/deliverability", icon="shield-check", order=18, roles=LOOKS
)
_SHOWN = 20


@router.get("/deliverability", dependencies=[allow(*LOOKS)])
def overall(request: Request, session: SessionDep, clock: ClockDep) -> Response:
    """All campaigns of the last seven days together."""
    since = clock.now() - WINDOW
    fates = by_receiver(session, since=since)
    return render(
        request,
        "deliverability.html",
        **_shown(request, fates, bounces(session, runs_since(session, since))),
        days=WINDOW.days,
    )


@router.get("/campaigns/{campaign_id}/feedback", dependencies=[allow(*LOOKS)])
def of_campaign(request: Request, session: SessionDep, viewer: ViewerDep, campaign_id: int) -> Response:
    """One campaign: by receiver, by minute, and what bounced."""
    campaign = campaign_by_id(session, campaign_id)
    runs = runs_of(session, campaign_id)
    minutes = by_minute(session, runs)
    return render(
        request,
        "campaign_feedback.html",
        campaign=campaign,
        first=min(minutes, default=None),
        last=max(minutes, default=None),
        busiest=number_text(max((fate.sent for fate in minutes.values()), default=0), locale_of(request)),
        chart=minutes_chart(request, minutes, viewer.time_zone) if minutes else None,
        minutes=[
            (exact_text(minute, locale_of(request), viewer.time_zone), *(getattr(fate, name) for name in _MINUTE))
            for minute, fate in minutes.items()
        ],
        **_shown(request, by_receiver(session, runs=runs), bounces(session, runs)),
    )


_MINUTE = ("sent", "delivered", "deferred", "bounced", "complained")


def _shown(request: Request, fates: dict[str, Any], bounced: dict[str, int]) -> dict[str, Any]:
    return {
        "table": table(request, fates, _SHOWN),
        "findings": [finding_words(request, finding) for finding in judge(fates)],
        "bounced": bounced,
        "bounce_words": BOUNCES,
    }
