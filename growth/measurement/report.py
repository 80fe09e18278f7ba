"""The channel report: a period against another, by channel, by day and by country, read from the roll-up alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from growth.attribution.channels import labels
from growth.attribution.following import WITHIN
from growth.database.changed_days import zone_of
from growth.measurement.figures import Figures, added
from growth.measurement.periods import Comparison, Period, period_until
from growth.measurement.sums import Cut, acquired_by_country, cost_without_country, sums_of
from growth.spend.currencies import base_currency


@dataclass(frozen=True)
class Line:
    """A channel in this period and in the one it is compared with."""

    channel: str
    label: str
    """Translatable."""
    now: Figures
    before: Figures
    share: Decimal
    """Of all acquired in this period, 0..1."""


@dataclass(frozen=True)
class Report:
    """What `/channels` shows."""

    side: str
    country: str | None
    language: str | None
    currency: str
    today: date
    period: Period
    against: Period | None
    """What it is compared with."""
    lines: Sequence[Line]
    """Every channel of the side in the order of pages; other sites and unknown ones where they have figures."""
    total: Figures
    before: Figures
    """Nothing where it is compared with nothing."""
    by_day: Mapping[str, Sequence[Figures]]
    """Channel → its figures on each day of the period."""
    countries: Sequence[tuple[str, int]]
    """Country ("" when nobody knows) and millionths acquired there, most first; of all, whatever country is asked."""
    unrated: Sequence[str]
    """Currencies in which amounts are left out since there is no rate for some day."""
    without_country_minor: int
    """Cost of the period that names no country: not in the figures when one is asked for."""

    @property
    def whole(self) -> bool:
        """Whether it is about all countries and languages."""
        return self.country is None and self.language is None

    @property
    def empty(self) -> bool:
        """Whether nothing at all happened, in this period and the one it is compared with."""
        return self.whole and not self.countries and self.total == self.before == Figures()

    @property
    def days(self) -> list[Figures]:
        """All channels together on each day of the period."""
        return [added(ones) for ones in zip(*self.by_day.values(), strict=True)]

    @property
    def open_since(self) -> date | None:
        """The first day whose 60 days are not over, so that those who order within them may still become more."""
        first = max(self.period.first, self.today - WITHIN)
        return first if first <= self.period.last else None


def report(
    session: Session,
    side: str,
    days: int | Period,
    country: str | None,
    now: datetime,
    *,
    language: str | None = None,
    comparison: Comparison = "before",
) -> Report:
    """The report of a period, or of the last `days` days; `language` is one of `growth.measurement.languages`.

    Raises InvalidError for a length there isn't, RefusedError before set-up.
    """
    zone = zone_of(session)
    period = days if isinstance(days, Period) else period_until(now, zone, days)
    against = period.compared(comparison)
    cut = Cut(side, country, language)
    found = sums_of(session, cut, period, against)
    lines = _lines(side, found.by_channel, found.against)
    each_day, nothing = period.days, Figures()
    return Report(
        side=side,
        country=country,
        language=language,
        currency=base_currency(session),
        today=now.astimezone(zone).date(),
        period=period,
        against=against,
        lines=lines,
        total=sum((line.now for line in lines), Figures()),
        before=sum((line.before for line in lines), Figures()),
        by_day={one: [found.by_day.get((one, day), nothing) for day in each_day] for one in labels(side)},
        countries=acquired_by_country(session, side, period, language),
        unrated=sorted(found.unrated),
        without_country_minor=cost_without_country(session, side, period) if country and language is None else 0,
    )


def _lines(side: str, now: Mapping[str, Figures], before: Mapping[str, Figures]) -> list[Line]:
    total = sum(one.acquired for one in now.values())
    nothing = Figures()
    return [
        Line(
            channel=channel,
            label=label,
            now=now.get(channel, nothing),
            before=before.get(channel, nothing),
            share=Decimal(now.get(channel, nothing).acquired) / total if total > 0 else Decimal(0),
        )
        for channel, label in labels(side).items()
    ]
