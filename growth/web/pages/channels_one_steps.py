"""Who has reached a step of a channel's funnel."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from growth.attribution.channels import labels
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.measurement.figures import WHOLE
from growth.measurement.funnels.reading import funnel
from growth.measurement.funnels.steps import STEPS
from growth.measurement.funnels.walkers import Place, Walker, walkers
from growth.measurement.one_channel import NO_CHANNEL
from growth.measurement.sums import Cut
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_wanted import WantedDep
from growth.web.channel_words import SIDE_NAMES, whole
from growth.web.formats import number_text
from growth.web.pages.channels import READERS
from growth.web.pages.leads import WORKERS
from growth.web.pages.people import READERS as PEOPLE_READERS
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, render

router = APIRouter(prefix="/channels/{channel}/steps")
PAGE = 50


@router.get("/{step}", dependencies=[allow(*READERS)])
def reached(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, wanted: WantedDep, *, channel: str,
    step: str, after: Annotated[str, Query(max_length=80)] = "",
) -> Response:  # fmt: skip
    """Those who have reached it, who entered last first; `after` goes on where a page ended."""
    names = labels(wanted.side)
    if channel not in names:
        raise NotFoundError(NO_CHANNEL)
    if step not in STEPS[wanted.side]:
        raise NotFoundError(N_("There is no such step on this side."))
    place = _place(after) if after else None
    cut, period = Cut(wanted.side, wanted.country, wanted.language), wanted.period(session, clock.now())
    found = walkers(session, channel, cut, period, step, after=place, limit=PAGE + 1)
    people = next(one.people for one in funnel(session, channel, cut, period) if one.step == step)
    return render(
        request,
        "channels_one_steps.html",
        wanted=wanted,
        path=f"/channels/{channel}",
        step=step,
        label=names[channel],
        side=SIDE_NAMES[wanted.side],
        title=STEPS[wanted.side][step],
        period=period,
        country=country_name(wanted.country or "", locale_of(request)),
        people=number_text(whole(people), locale_of(request)),
        rows=[_row(request, wanted.side, one) for one in found[:PAGE]],
        see_people=viewer.has(*PEOPLE_READERS),
        see_leads=viewer.has(*WORKERS),
        first=place is None,
        next=found[PAGE - 1].place if len(found) > PAGE else None,
    )


def _place(after: str) -> Place:
    day, _, who = after.partition("~")
    try:
        return date.fromisoformat(day), who.replace("\0", "")
    except ValueError:
        raise InvalidError("after", N_("There is no such page.")) from None


def _row(request: Request, side: str, one: Walker) -> dict[str, Any]:
    locale = locale_of(request)
    return {
        "kind": one.who[0],
        "number": one.who[1:],
        "entered": one.entered,
        "reached": STEPS[side][one.reached],
        "country": country_name(one.country, locale),
        "share": number_text(Decimal(one.share) / WHOLE, locale, 3) if one.share != WHOLE else "1",
    }
