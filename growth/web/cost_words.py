"""How the cost ledger is told and asked for: its sources in words, and filters from an address."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from growth.attribution.channels import CHANNELS, SIDES, labels
from growth.database.changed_days import zone_of
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.cells import country_of
from growth.spend.listing import CostFilter, Line
from growth.spend.records import Cost
from growth.web.access import ClockDep, SessionDep
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, said

SOURCES = {
    "file": N_("File"),
    "entered": N_("Entered"),
    "rep_hour": N_("Reps' hours"),
    "activity": N_("Reps' logged work"),
    "email": N_("Messages"),
    "google_ads": N_("Google Ads"),
    "commission": N_("Commissions"),
    "correction": N_("Correction"),
    "sample data": N_("Sample data"),
}
"""Of lines; one that is not here is shown as it is."""
CHANNEL_NAMES = {one.key: one.label for side in SIDES for one in CHANNELS[side]} | labels("buyer")
NO_COUNTRY = "-"
USUAL_DAYS = 28
MOST_DAYS = 1100
Text = Annotated[str, Query(max_length=400)]


@dataclass(frozen=True)
class Wanted:
    """What of the ledger is asked for, and the same as an address carries it."""

    filter: CostFilter
    asked: dict[str, str]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the usual is asked for."""
        return any(self.asked.values())

    def query(self, **other: str) -> str:
        """As an address carries it, with something changed."""
        return urlencode({name: value for name, value in (self.asked | other).items() if value})


def wanted_of(
    session: SessionDep,
    clock: ClockDep,
    *,
    side: Text = "",
    channel: Text = "",
    country: Text = "",
    campaign: Text = "",
    source: Text = "",
    first: Text = "",
    last: Text = "",
) -> Wanted:
    """From the query of an address; the last 28 days where none are named. Raises InvalidError."""
    asked = {"side": side, "channel": channel, "country": country.strip(), "campaign": campaign, "source": source,
             "first": first, "last": last}  # fmt: skip
    days = _days(first, last, clock.now().astimezone(zone_of(session)).date())
    if side not in {"", *SIDES}:
        raise InvalidError("side", N_("The side is buyer or seller."))
    if channel not in {"", *CHANNEL_NAMES}:
        raise InvalidError("channel", N_("There is no such channel."))
    where = NO_COUNTRY if country.strip() == NO_COUNTRY else country_of(country) or ""
    name, origin = (text.replace("\0", "") for text in (campaign, source))
    return Wanted(CostFilter(*days, side=side, channel=channel, country=where, campaign=name, source=origin), asked)


WantedDep = Annotated[Wanted, Depends(wanted_of)]


def _days(first: str, last: str, today: date) -> tuple[date, date]:
    until = _day(last, "last") if last else today
    begin = _day(first, "first") if first else until - timedelta(days=USUAL_DAYS - 1)
    if not 0 <= (until - begin).days < MOST_DAYS:
        raise InvalidError("first", N_("Ask for days in their order, three years of them at most."))
    return begin, until


def _day(text: str, field: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        day = date.min
    if day.year < 1999:
        raise InvalidError(
            field, N_("This day can't be read without guessing."), remedy=N_("Write it like 2026-11-24.")
        )
    return day


def row_of(request: Request, line: Line) -> dict[str, Any]:
    """The cells of a row."""
    return {"line": line.cost, "amount": line.amount, "turned": line.turned} | named(request, line.cost)


def named(request: Request, cost: Cost) -> dict[str, str]:
    """What a line is about, in words."""
    return {
        "channel": said(request, CHANNEL_NAMES.get(cost.channel, cost.channel)),
        "country": country_name(cost.country, locale_of(request)),
        "source": said(request, SOURCES.get(cost.source, cost.source)),
        "who": cost.note if cost.units is not None else "",
    }
