"""One story of a market, and all its figures row by row, so that a run with faults is held against a clean one."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Table, delete, select, text
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion, Credit, Touch
from growth.database.base import Record
from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from growth.events.collecting import Batch, collect
from growth.people.identity import Known, ensure_person
from growth.scheduling.run import Step
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_costs
from jobs.credit_channels import credit_channels
from tests.attribution.happened import GOOGLE, PAID, PARTNER, found

Sent = dict[str, Any]
Rows = list[tuple[Any, ...]]

BUYERS, SELLERS, DAYS = 24, 6, 70
_TOLD = ("event", "event_seen", "event_reader", "visitor_identity", "touch", "conversion", "credit", "order_change",
         "way", "way_due")  # fmt: skip


def setting(engine: Engine, now: datetime) -> None:
    """A workspace in Shanghai with people, rates and costs; the same in every run."""
    found(engine, now)
    with transaction(engine) as session:
        for number in range(BUYERS + SELLERS):
            country = ("RU", "US", "BR", None)[number % 4]
            ensure_person(session, Known(email=_address(number), country=country), now)
        first = (now - timedelta(days=DAYS + 40)).date()
        rates = [Rate("BRL", first, Decimal("0.18")), Rate("BRL", now.date() - timedelta(days=30), Decimal("0.2")),
                 Rate("RUB", first, Decimal("0.0125"))]  # fmt: skip
        record_rates(session, "USD", rates, now)
        days = [now.date() - timedelta(days=back) for back in range(DAYS)]
        record_costs(session, [_cost(day, side) for day in days for side in ("buyer", "seller")], now)


def _address(number: int) -> str:
    return f"somebody{number}@example.com"


def _cost(day: date, side: str) -> NewCost:
    channel = "paid_search" if side == "buyer" else "online"
    return NewCost(source="test", source_key=f"{side} {day}", day=day, side=side, channel=channel,
                   amount_minor=4_000 + day.day, currency="BRL")  # fmt: skip


def story(seed: int, now: datetime) -> list[Sent]:
    """What two sides did within ten weeks, as a server tells it: contacts, who they are, orders, changes, refunds.

    In the order in which it happened; several things happen at the same second.
    """
    dice = random.Random(seed)
    told = [one for number in range(BUYERS) for one in _buyer(dice, number, now)]
    told += [one for number in range(BUYERS, BUYERS + SELLERS) for one in _seller(dice, number, now)]
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1)"
    told += [_event(f"bot {number}", "page_view", now - timedelta(hours=number), properties=PAID, agent=agent)
             for number in range(20)]  # fmt: skip
    return sorted(told, key=lambda one: (one["at"], one["id"]))


def _event(key: str, kind: str, at: datetime, **more: Any) -> Sent:
    return {"id": key, "kind": kind, "at": at.replace(microsecond=0).isoformat()} | more


def _buyer(dice: random.Random, number: int, now: datetime) -> Iterator[Sent]:
    visitors = [str(UUID(int=number * 10 + place, version=4)) for place in range(dice.randint(1, 3))]
    country = dice.choice([None, "RU", "BR"])
    began = now - timedelta(days=dice.uniform(20, DAYS))
    for place in range(dice.randint(1, 6)):
        at = began + timedelta(hours=dice.randint(0, 400))
        properties = dice.choice([GOOGLE, PAID, PARTNER])
        yield _event(f"{number} view {place}", "page_view", at, visitor=dice.choice(visitors), country=country,
                     properties=properties)  # fmt: skip
        yield _event(f"{number} same {place}", "page_view", at, visitor=visitors[0], properties=PARTNER)
    if number % 5:
        for place, visitor in enumerate(visitors):
            at = began + timedelta(days=dice.uniform(1, 18))
            kind = ("registration", "identify")[place % 2]
            yield _event(f"{number} known {place}", kind, at, visitor=visitor, email=_address(number))
    for place in range(dice.randint(0, 3)):
        yield from _order(dice, f"{number}-{place}", visitors, began + timedelta(days=dice.uniform(2, 19)), now)


def _order(dice: random.Random, order: str, visitors: Sequence[str], at: datetime, now: datetime) -> Iterator[Sent]:
    """An order, maybe told again with another value, changed, and given back, also months later in other money."""
    currency, cents = dice.choice(["USD", "BRL"]), dice.randint(500, 90_000)
    sold = {"order": order, "amount_minor": cents, "currency": currency}
    yield _event(f"order {order}", "order", at, visitor=dice.choice(visitors), properties=sold)
    if dice.random() < 0.3:
        yield _event(f"order {order} again", "order", at + timedelta(minutes=5), visitor=visitors[0],
                     properties=sold | {"amount_minor": cents + 100})  # fmt: skip
    if dice.random() < 0.4:
        yield _event(f"change {order}", "order_change", at + timedelta(days=1),
                     properties=sold | {"amount_minor": cents // 2})  # fmt: skip
    for place in range(dice.choice([0, 0, 1, 2])):
        later = min(at + timedelta(days=dice.uniform(1, 40)), now)
        back: Sent = dice.choice([sold, sold | {"amount_minor": cents // 3}, {"order": order},
                            sold | {"currency": "RUB", "amount_minor": cents * 30}])  # fmt: skip
        yield _event(f"back {order} {place}", "refund", later, properties=back | {"refund": str(place)})


def _seller(dice: random.Random, number: int, now: datetime) -> Iterator[Sent]:
    began = now - timedelta(days=dice.uniform(20, DAYS))
    mine = {"side": "seller", "email": _address(number)}
    yield _event(f"{number} view", "page_view", began, properties=GOOGLE, **mine)
    yield _event(f"{number} shop", "shop_open", began + timedelta(days=3), properties={"shop": f"s{number}"}, **mine)
    if number % 2:
        yield _event(f"{number} shop again", "shop_open", began + timedelta(days=9),
                     properties={"shop": f"s{number}"}, **mine)  # fmt: skip


def batches(told: Sequence[Sent], size: int) -> list[list[Sent]]:
    """So many at a time."""
    return [list(told[start : start + size]) for start in range(0, len(told), size)]


def collected(engine: Engine, told: Sequence[Sent], now: datetime, *, sent: datetime | None = None) -> int:
    """One batch of a server, as the collector takes it; gives how many were new."""
    batch = Batch(told, sent=sent.isoformat() if sent else None)
    with transaction(engine) as session:
        done = collect(session, batch, now, trusted=True)
    assert not done.refused, done.refused
    return done.accepted


class Adding:
    """A run of the job that credits and rolls up, in steps of any size and without a worker."""

    def __init__(self, engine: Engine, now: datetime, size: int) -> None:
        self._engine, self._now, self._size = engine, now, size

    def in_chunks(self, step: Callable[[Session, datetime, Any, int], Step], size: int) -> int:
        """As a real run does it."""
        done, made = 0, Step(0, next="begin")
        after = None
        while made.next is not None:
            with transaction(self._engine) as session:
                made = step(session, self._now, after, min(size, self._size))
            done, after = done + made.done, made.next
        return done

    def tell(self, sentence: str, **_values: object) -> None:
        """Nobody listens."""


def add_up(engine: Engine, now: datetime, size: int = 1_000) -> None:
    """What the job does, once."""
    credit_channels(Adding(engine, now, size))  # type: ignore[arg-type]  # of a run it needs no more


def clean(engine: Engine, told: Sequence[Sent], now: datetime) -> "Figures":
    """The figures of one run without a fault; the database is then as it was before."""
    for batch in batches(told, 200):
        collected(engine, batch, now)
    add_up(engine, now)
    figures = figures_of(engine)
    assert all(figures.tables[name] for name in ("touch", "conversion", "credit", "channel_day", "step_day"))
    begin_anew(engine)
    return figures


def begin_anew(engine: Engine) -> None:
    """Nothing has happened yet; the costs wait to be rolled up."""
    with transaction(engine) as session:
        days = session.execute(text("select distinct day, side from channel_day")).all()
        session.execute(text(f"truncate {', '.join(_TOLD)} cascade"))
        for one in roll_ups():
            session.execute(delete(one))
        session.add_all([ChannelDayDue(day=day, side=side) for day, side in days])


@dataclass(frozen=True)
class Figures:
    """Every row of what is counted, without the numbers that only say who came first."""

    tables: dict[str, Rows]


def figures_of(engine: Engine) -> Figures:
    """Contacts, conversions, credits and all roll-ups."""
    with transaction(engine) as session:
        assert session.scalars(select(ChannelDayDue)).all() == []
        told = {"touch": _touches(session), "conversion": _conversions(session), "credit": _credits(session)}
        told |= {one.name: _sorted(session.execute(select(one))) for one in roll_ups()}
    return Figures(told)


def roll_ups() -> list[Table]:
    """Tables of sums by channel for a day or week: whatever rooms roll up."""
    keys = {one: {column.name for column in one.primary_key} for one in Record.metadata.sorted_tables}
    return [one for one, key in keys.items() if {"side", "channel"} < key and key & {"day", "week"}]


def _touches(session: Session) -> Rows:
    return _sorted(session.execute(select(*_columns(Touch, "id"))))


def _conversions(session: Session) -> Rows:
    return _sorted(session.execute(select(*_columns(Conversion, "id", "refunds"), Conversion.refunds.is_(None))))


def _credits(session: Session) -> Rows:
    columns = (*_columns(Credit, "id", "conversion_id", "touch_id"), Touch.event_id, Conversion.kind,
               Conversion.source_key)  # fmt: skip
    found = select(*columns).join(Conversion, Conversion.id == Credit.conversion_id)
    return _sorted(session.execute(found.outerjoin(Touch, Touch.id == Credit.touch_id)))


def _columns(record: Any, *left_out: str) -> list[Any]:
    return [column for column in record.__table__.columns if column.name not in left_out]


def _sorted(rows: Iterable[Any]) -> Rows:
    return sorted((tuple(row) for row in rows), key=repr)
