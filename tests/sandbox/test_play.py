"""A market played through the front doors: what the product counts is what is true, to the cent, and once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from growth.attribution.records import Conversion, Touch
from growth.campaigns.records import Delivery
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import RefusedError
from growth.events.collecting import collector_key
from growth.events.records import Event
from growth.leads.records import Lead
from growth.running.front import front_doors
from growth.sandbox import stage
from growth.sandbox.market.played import Played
from growth.sandbox.market.truth import truth
from growth.sandbox.playing import Play, Report
from growth.sandbox.product import Product
from growth.settings import settings
from growth.spend.records import Cost
from tests.web.serving import found

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def market(seed: str = "5") -> Played:
    off = ["paid_search:RU,BR", "seo::2026-11-10..2026-11-17"]
    return stage.market_of(seed, 24, NOON, off=off, hold_out=["email:30"])


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Path]:
    """A home whose key this process believes for as long as the test lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROWTH_SENDGRID_WEBHOOK_KEY", "")  # put back as it was
        yield tmp_path
    settings.cache_clear()


def play(engine: Engine, home: Path, which: Played) -> Report:
    key = stage.open_hook(home)
    stage.prepare(engine, NOON)
    clock = FixedClock(NOON)
    with front_doors(engine, clock) as url:
        report = Play(engine, Product(url, collector_key()), clock, key, which).run()
    stage.settle(engine, which, NOON)
    return report


def counted(engine: Engine, side: str) -> dict[str, int]:
    """As the truth counts: first orders are orders too, and money is what was kept."""
    with transaction(engine) as session:
        rows = select(Conversion.kind, func.count(), func.sum(Conversion.value_minor)).where(Conversion.side == side)
        kinds = {kind: (count, int(value)) for kind, count, value in session.execute(rows.group_by(Conversion.kind))}
    number = {kind: count for kind, (count, _) in kinds.items()}
    orders = number.get("first_order", 0) + number.get("order", 0)
    return number | {"order": orders, "value_minor": sum(value for _, value in kinds.values())}


def test_what_is_played_is_counted_as_it_is_true_and_once(engine: Engine, hook: Path) -> None:
    which = market()
    report = play(engine, hook, which)
    true = truth(which)["sides"]
    for side, kinds in (("buyer", ("registration", "first_order", "order")), ("seller", ("shop_open", "order"))):
        ours = counted(engine, side)
        assert {kind: ours.get(kind, 0) for kind in (*kinds, "value_minor")} == {
            kind: true[side]["all"][kind] for kind in (*kinds, "value_minor")
        }
    with transaction(engine) as session:
        paid = select(Touch.country).where(Touch.channel == "paid_search", Touch.side == "buyer").distinct()
        assert not {"RU", "BR"} & set(session.scalars(paid))
        moments = select(Touch.occurred_at).where(Touch.channel == "seo", Touch.side == "buyer")
        assert not [one for one in session.scalars(moments) if 10 <= one.day <= 17 and one.month == 11]
        told = session.execute(
            select(func.count(), func.count(Delivery.delivered_at), func.count(Delivery.clicked_at))
        ).one()
        assert told[0] == told[1] > 0
        assert told[2] == report.clicks > 0
        assert session.scalar(select(func.count()).where(Event.bot.is_not(None)).select_from(Event))
        assert session.scalar(select(func.count()).select_from(Cost))
        assert session.scalar(select(func.count()).select_from(Lead))
        everything = session.scalar(select(func.count()).select_from(Event))
    before = {side: counted(engine, side) for side in ("buyer", "seller")}
    assert play(engine, hook, which).events == report.events
    assert {side: counted(engine, side) for side in ("buyer", "seller")} == before
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == everything


def test_a_real_product_is_left_alone(engine: Engine) -> None:
    found(engine, NOON)
    with transaction(engine) as session:
        session.execute(update(Workspace).values(demo=False))
    with pytest.raises(RefusedError):
        stage.prepare(engine, NOON)


def test_what_was_played_is_remembered(tmp_path: Path) -> None:
    assert stage.remembered(tmp_path) is None
    stage.remember(tmp_path, market())
    assert stage.remembered(tmp_path) == market()
