"""All countries of the channel report, most acquired first."""

from typing import Any

from fastapi import APIRouter, Request, Response

from growth.measurement.side_words import WORDS
from growth.measurement.sums import figures_by_country
from growth.spend.currencies import base_currency
from growth.web.access import ClockDep, SessionDep, allow
from growth.web.channel_wanted import WantedDep
from growth.web.channel_words import SIDE_NAMES, cells
from growth.web.charts import meter
from growth.web.formats import percent_text
from growth.web.pages.channels import READERS
from growth.web.people_words import country_name
from growth.web.rendering import locale_of, render

router = APIRouter(prefix="/channels/countries")


@router.get("", dependencies=[allow(*READERS)])
def countries(request: Request, session: SessionDep, clock: ClockDep, wanted: WantedDep) -> Response:
    """The list, of all channels together; a country's name leads to its report."""
    period = wanted.period(session, clock.now())
    found = figures_by_country(session, wanted.side, period, wanted.language)
    currency, locale = base_currency(session), locale_of(request)
    whole = sum(one.acquired for _, one in found) or 1
    rows: list[dict[str, Any]] = []
    for code, figures in found:
        share = percent_text(figures.acquired / whole, locale, 1)
        named = {"code": code, "name": country_name(code, locale), "share": share,
                 "meter": meter(figures.acquired / whole, 1, share)}  # fmt: skip
        rows.append(named | cells(request, currency, figures))
    return render(
        request, "channels_countries.html", wanted=wanted, period=period, words=WORDS[wanted.side],
        side=SIDE_NAMES[wanted.side], rows=rows,
    )  # fmt: skip
