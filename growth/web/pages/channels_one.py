"""One channel: the days, countries and lines of cost that its figures are made of."""

import re
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.figures import Figures
from growth.measurement.report import ChannelDays, channel_days
from growth.money import Money
from growth.spend.ledger import costs_of
from growth.spend.records import Cost
from growth.web.access import ClockDep, SessionDep, allow
from growth.web.channel_words import SIDE_NAMES, WORDS, cells
from growth.web.pages.channels import READERS, WantedDep
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, render, said

router = APIRouter(prefix="/channels")
PAGE = 50
MOST_COUNTRIES = 50
_PLACE = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})")


@router.get("/{channel}", dependencies=[allow(*READERS)])
def channel(
    request: Request, session: SessionDep, clock: ClockDep, wanted: WantedDep, *, channel: str, after: str = ""
) -> Response:
    """What a channel's figures are made of; `after` pages through the lines of cost."""
    found = channel_days(session, wanted.side, channel, days=wanted.days, country=wanted.country, now=clock.now())
    days = (found.period.first, found.period.last)
    place = _place(after) if after else None
    lines = costs_of(session, wanted.side, channel, days, country=wanted.country, after=place, limit=PAGE + 1)
    return render(
        request,
        "channels_one.html",
        wanted=wanted,
        found=found,
        words=WORDS[wanted.side],
        country_name=country_name,
        side=SIDE_NAMES[wanted.side],
        total=cells(request, found.currency, found.total),
        days=[{"day": day} | _cells(request, found, figures) for day, figures in found.days],
        countries=[
            {"name": _country(request, code)} | _cells(request, found, figures)
            for code, figures in found.countries[:MOST_COUNTRIES]
        ],
        more=max(len(found.countries) - MOST_COUNTRIES, 0),
        lines=[_line(request, line) for line in lines[:PAGE]],
        first=place is None,
        next=f"{lines[PAGE - 1].day}.{lines[PAGE - 1].id}" if len(lines) > PAGE else None,
    )


def _place(after: str) -> tuple[date, int]:
    match = _PLACE.fullmatch(after)
    try:
        if match:
            return date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        pass
    raise InvalidError("after", N_("There is no such page."))


def _cells(request: Request, found: ChannelDays, figures: Figures) -> dict[str, Any]:
    return cells(request, found.currency, figures) | {"touches": figures.touches}


def _country(request: Request, code: str) -> str:
    return country_name(code, locale_of(request)) or said(request, N_("Not known"))


def _line(request: Request, line: Cost) -> dict[str, Any]:
    named = {"day": line.day, "campaign": line.campaign, "source": line.source}
    country = country_name(line.country, locale_of(request))
    return named | {"country": country, "amount": Money(line.amount_minor, line.currency)}
