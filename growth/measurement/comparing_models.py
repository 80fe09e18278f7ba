"""Two models over the same conversions: what each channel has, and what it would have. Nothing is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.attribution.adopting import Choice, Fitted, fit
from growth.attribution.channels import labels
from growth.attribution.credits import contacts_before
from growth.attribution.records import Conversion, Credit
from growth.attribution.versions import Adopted, Versions
from growth.database.among import among
from growth.database.changed_days import zone_of
from growth.money import Money, split
from growth.spend.currencies import base_currency, rates_on, turned

MOST = 5_000
"""Conversions that are compared, the latest ones."""
ACQUIRED = {"buyer": "registration", "seller": "shop_open"}


@dataclass(frozen=True, slots=True)
class Part:
    """What a channel gets: millionths acquired, millionths of first orders, and minor units."""

    acquired: int = 0
    orders: int = 0
    value_minor: int = 0

    def __add__(self, other: "Part") -> "Part":
        return Part(self.acquired + other.acquired, self.orders + other.orders, self.value_minor + other.value_minor)

    def __sub__(self, other: "Part") -> "Part":
        return Part(self.acquired - other.acquired, self.orders - other.orders, self.value_minor - other.value_minor)


@dataclass(frozen=True)
class Compared:
    """Both side by side over the conversions of the last days."""

    fitted: Fitted
    currency: str
    conversions: int
    all_of_them: bool
    """False when there are more than are compared."""
    lines: Sequence[tuple[str, Part, Part]]
    """Channel's label, what it has, what it would have; channels with nothing in both are left out."""

    @property
    def totals(self) -> tuple[Part, Part]:
        """Over all channels."""
        return sum((now for _, now, _ in self.lines), Part()), sum((would for *_, would in self.lines), Part())


def compare(session: Session, choice: Choice, days: int, now: datetime) -> Compared:
    """The choice beside what counts, over conversions of the last days. Refunds follow their orders, so are left out.

    Raises InvalidError for a choice that can't be.
    """
    fitted = fit(session, choice, now)
    found = _conversions(session, choice.side, now - timedelta(days=days), now)
    kept, chosen = found[:MOST], Versions({side: [Adopted("", fitted.model)] for side in ("buyer", "seller")})
    contacts = contacts_before(session, [one.id for one in kept], chosen)
    in_base = _InBase(session, kept)
    would: dict[str, Part] = defaultdict(Part)
    for one in kept:
        for share in fitted.model.share(contacts[one.id], one.occurred_at, in_base.value(one)):
            would[share.channel] += _part(one.kind, share.share, share.value_minor)
    has = _credited(session, kept, in_base)
    lines = [(label, has[key], would[key]) for key, label in labels(choice.side).items() if key in has or key in would]
    return Compared(fitted, in_base.currency, len(kept), len(found) <= MOST, lines)


@dataclass(frozen=True, slots=True)
class Sold:
    """A conversion: the columns that matter here."""

    id: int
    kind: str
    occurred_at: datetime
    value_minor: int
    currency: str | None


def _conversions(session: Session, side: str, since: datetime, now: datetime) -> list[Sold]:
    columns = (getattr(Conversion, name) for name in Sold.__slots__)
    mine = select(*columns).where(
        Conversion.side == side,
        Conversion.kind.not_in(("refund", "subscription")),
        Conversion.occurred_at.between(since, now),
    )
    return [Sold(*row) for row in session.execute(mine.order_by(Conversion.occurred_at.desc()).limit(MOST + 1))]


class _InBase:
    """Values in the workspace's currency; nothing where there is no rate."""

    def __init__(self, session: Session, sold: Sequence[Sold]) -> None:
        self.currency = base_currency(session)
        self._zone = zone_of(session)
        asked = {(one.currency, self._day(one)) for one in sold if one.currency and one.value_minor}
        self._rates = rates_on(session, self.currency, asked)

    def _day(self, one: Sold) -> date:
        return one.occurred_at.astimezone(self._zone).date()

    def value(self, one: Sold) -> int:
        rate = self._rates.get((one.currency or "", self._day(one)))
        return turned(Money(one.value_minor, one.currency or ""), self.currency, rate) if rate is not None else 0


def _credited(session: Session, sold: Sequence[Sold], in_base: _InBase) -> Mapping[str, Part]:
    columns = (Credit.conversion_id, Credit.channel, Credit.share)
    found = select(*columns).where(among(Credit.conversion_id, [one.id for one in sold])).order_by(Credit.position)
    shared: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for conversion, channel, share in session.execute(found):
        shared[conversion].append((channel, share))
    has: dict[str, Part] = defaultdict(Part)
    for one in sold:
        parts = shared[one.id]
        values = split(in_base.value(one), [share for _, share in parts]) if parts else []
        for (channel, share), value in zip(parts, values, strict=True):
            has[channel] += _part(one.kind, share, value)
    return has


def _part(kind: str, share: int, value_minor: int) -> Part:
    acquired = kind in ACQUIRED.values()
    return Part(share if acquired else 0, share if kind == "first_order" else 0, value_minor)
