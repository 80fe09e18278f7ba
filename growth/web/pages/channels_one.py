"""One channel: its figures, funnel, cohorts, countries, campaigns, and how its month goes against its budget."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, labels
from growth.database.changed_days import zone_of
from growth.errors import NotFoundError
from growth.measurement.anomalies.watching import anomalies
from growth.measurement.attention import attention
from growth.measurement.by_campaign.reading import inside
from growth.measurement.funnels.reading import WITHIN, cohorts, funnel, is_behind
from growth.measurement.holdouts.caused import all_caused
from growth.measurement.one_channel import NO_CHANNEL, countries_of, languages_of, month_of_channel, of_channel
from growth.measurement.report import Report, report
from growth.measurement.side_words import WORDS
from growth.measurement.sums import Cut
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.anomaly_words import departed
from growth.web.channel_caused import caused_cells, tell_exceeded
from growth.web.channel_controls import controls
from growth.web.channel_views import (
    campaign_rows,
    cohort_rows,
    country_bars,
    funnel_rows,
    language_bars,
    month_view,
    trend_of,
)
from growth.web.channel_wanted import Wanted, WantedDep
from growth.web.channel_words import SIDE_NAMES, kpis, tell
from growth.web.pages.channels import READERS
from growth.web.rendering import render

router = APIRouter(prefix="/channels")


@router.get("/{channel}", dependencies=[allow(*READERS)])
def channel(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, wanted: WantedDep, *, channel: str
) -> Response:
    """The page of a channel."""
    if channel not in labels(wanted.side):
        raise NotFoundError(NO_CHANNEL)
    now = clock.now()
    period, errors = wanted.period_or_error(session, now)
    everything = report(
        session, wanted.side, period, wanted.country, now, language=wanted.language, comparison=wanted.comparison
    )
    return render(
        request,
        "channels_one.html",
        status=422 if errors else 200,
        errors=errors,
        wanted=wanted,
        report=everything,
        channel=channel,
        side=SIDE_NAMES[wanted.side],
        words=WORDS[wanted.side],
        **controls(request, everything),
        **_figures(request, session, of_channel(everything, channel), now),
        **_come(request, session, wanted, channel, everything),
        **_month(request, session, wanted, channel, now),
        may_change=viewer.has(Role.MANAGER),
    )


def _figures(request: Request, session: Session, found: Report, now: datetime) -> dict[str, Any]:
    """The six figures, the trend, and what needs attention of it."""
    (line,) = found.lines
    caused = all_caused(session, found.side, found.period) if found.whole else {}
    mine = {line.channel: caused[line.channel]} if line.channel in caused else {}
    return {
        "line": line,
        "colour": _colour(found.side, line.channel),
        "kpis": kpis(request, found),
        "trend": trend_of(request, found, _colour(found.side, line.channel)),
        "caused": caused_cells(request, found, mine).get(line.channel) if found.whole else None,
        "measured": mine.get(line.channel),
        "findings": [*tell_exceeded(request, found, mine), *(tell(request, found, one) for one in attention(found))],
        "departed": [
            departed(request, one)
            for one in anomalies(session, found.side, found.country, now)
            if one.channel == line.channel
        ],
    }


def _colour(side: str, channel: str) -> int:
    """Its colour everywhere: its place on the pages."""
    return list(labels(side)).index(channel) + 1


def _come(request: Request, session: Session, wanted: Wanted, channel: str, found: Report) -> dict[str, Any]:
    """Who came by it, how far they have come, from where and by which campaigns."""
    period, today = found.period, found.today
    cut, colour = Cut(wanted.side, wanted.country, wanted.language), _colour(wanted.side, channel)
    countries, languages = (read(session, cut, channel, period) for read in (countries_of, languages_of))
    campaigns, more = inside(session, wanted.side, channel, period)
    steps, weeks = funnel(session, channel, cut, period), cohorts(session, channel, cut, period.last, today)
    return {
        "entered": steps[0].people,
        "funnel": funnel_rows(request, steps, colour),
        "acquired": sum(one.people for one in weeks),
        "behind": is_behind(session),
        "cohorts": cohort_rows(request, weeks),
        "within": WITHIN,
        "country_bars": country_bars(request, countries, colour),
        "more_countries": len(countries),
        "language_bars": language_bars(request, languages, colour),
        "campaigns": campaign_rows(request, campaigns, found.currency),
        "more_campaigns": more,
    }


def _month(request: Request, session: Session, wanted: Wanted, channel: str, now: datetime) -> dict[str, Any]:
    """How this month goes; of what is no channel of ours there is no budget."""
    if channel not in (one.key for one in CHANNELS[wanted.side]):
        return {"month": None}
    month = month_of_channel(session, wanted.side, channel, now.astimezone(zone_of(session)).date(), now)
    return {"month": month, "paced": month_view(request, month, month.budget_minor)}
