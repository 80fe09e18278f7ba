"""What of the channel report an address asks for: side, period, comparison, country, language."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES
from growth.database.changed_days import zone_of
from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.languages import LANGUAGES
from growth.measurement.periods import COMPARISONS, LENGTHS, Comparison, Period, between, month_of, period_until

OWN = "own"
"""The choice of a period from a day to a day."""
DAYS = 28
_PERIODS = ("days", "month", "from", "to")


@dataclass(frozen=True)
class Wanted:
    """What of the report is asked for; the period is `month`, or `first` to `last`, or else the last `days` days."""

    side: str
    country: str | None
    days: int = DAYS
    language: str | None = None
    month: str = ""
    first: str = ""
    last: str = ""
    own: bool = False
    """Whether it is from a day to a day, even if none is given yet."""
    comparison: Comparison = "before"

    def query(self, **other: object) -> str:
        """As an address carries it, with something changed; what is empty is left out."""
        asked: dict[str, object] = {"side": self.side, "country": self.country or "", "language": self.language or ""}
        if not any(name in other for name in _PERIODS):
            asked |= self._period
        asked |= {"compare": "" if self.comparison == "before" else self.comparison}
        return urlencode({name: value for name, value in (asked | other).items() if value not in {"", None}})

    @property
    def _period(self) -> dict[str, object]:
        if self.first or self.last:
            return {"from": self.first, "to": self.last}
        return {"month": self.month} if self.month else {"days": self.days}

    @property
    def chosen(self) -> str:
        """The period as the list of periods has it."""
        return OWN if self.own else self.month or str(self.days)

    def made_of(self, period: Period, figure: str, channel: str = "") -> str:
        """The address of what a figure of this report is made of."""
        days = {"from": period.first.isoformat(), "to": period.last.isoformat()}
        return f"/channels/made-of?{self.query(**days, compare='', figure=figure, channel=channel)}"

    def period(self, session: Session, now: datetime) -> Period:
        """The days that are asked for. Raises InvalidError, field `month`, `from` or `to`."""
        zone = zone_of(session)
        today = now.astimezone(zone).date()
        if self.first or self.last:
            return between(self.first, self.last or today.isoformat(), today)
        return month_of(self.month, today) if self.month else period_until(now, zone, self.days)

    def until_today(self) -> "Wanted":
        """The same without days of one's own, for when those make no sense."""
        return replace(self, first="", last="", month="", days=DAYS)

    def period_or_error(self, session: Session, now: datetime) -> tuple[Period, dict[str, InvalidError]]:
        """The days, or the last ones where days of one's own make no sense, with what is wrong by field."""
        try:
            return self.period(session, now), {}
        except InvalidError as error:
            if not self.own:
                raise
            return self.until_today().period(session, now), {error.field: error}


def wanted_of(
    side: str = "buyer",
    country: str = "",
    language: str = "",
    compare: str = "",
    *,
    days: str = "",
    month: str = "",
    period: str = "",
    first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
) -> Wanted:
    """From the query of an address; `period` is what the list of periods sends. Raises InvalidError."""
    if side not in SIDES:
        raise InvalidError("side", N_("The side is buyer or seller."))
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise InvalidError("country", N_("We know no such country."))
    if language and language not in LANGUAGES:
        raise InvalidError("language", N_("Figures are cut by no such language."))
    comparison = next((one for one in COMPARISONS if one == (compare or "before")), None)
    if comparison is None:
        raise InvalidError("compare", N_("Compare with the period before, a year before, or none."))
    if period and period != OWN:
        days, month, first, last = (period, "", "", "") if period.isdecimal() else ("", period, "", "")
    if days and days not in map(str, LENGTHS):
        raise InvalidError("days", N_("A report covers 7, 28 or 90 days."))
    return Wanted(
        side=side,
        country=country.upper() or None,
        days=int(days or DAYS),
        language=language or None,
        month=month,
        first=first,
        last=last,
        own=bool(first or last) or period == OWN,
        comparison=comparison,
    )


WantedDep = Annotated[Wanted, Depends(wanted_of)]
