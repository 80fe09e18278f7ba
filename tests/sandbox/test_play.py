"""A market played through the front doors: what the product counts is what is true, to the cent, and once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion, Touch
from growth.campaigns.email.archive import as_received
from growth.campaigns.email.catalogue import preview
from growth.campaigns.records import Delivery
from growth.clock import FixedClock, SystemClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import InvalidError, RefusedError
from growth.events.collecting import collector_key
from growth.events.records import Event
from growth.keyring import keyring
from growth.leads.records import Lead
from growth.people.records import Person
from growth.running.front import front_doors
from growth.sandbox import stage
from growth.sandbox.market.played import Played
from growth.sandbox.market.truth import truth
from growth.sandbox.playing import Play, Report
from growth.sandbox.product import Product
from growth.settings import settings
from growth.spend.records import Cost
from tests.web.serving import found

KINDS = ("registration", "first_order", "order", "value_minor")
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
    for side, kinds in (("buyer", KINDS), ("seller", ("shop_open", "order", "value_minor"))):
        ours = counted(engine, side)
        assert {kind: ours.get(kind, 0) for kind in kinds} == {kind: true[side]["all"][kind] for kind in kinds}
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
        seen_as_received(session)
    before = {side: counted(engine, side) for side in ("buyer", "seller")}
    assert play(engine, hook, which).events == report.events
    assert {side: counted(engine, side) for side in ("buyer", "seller")} == before
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == everything


def seen_as_received(session: Session) -> None:
    """Letters of each language as they went out: in the reader's own, to their address, at their moment."""
    newest = select(func.max(Delivery.id)).group_by(Delivery.locale)
    letters = session.scalars(select(Delivery).where(Delivery.id.in_(newest))).all()
    assert {"en", "ru", "pt_BR"} <= {one.locale for one in letters}
    for one in letters:
        received = as_received(session, one.id)
        assert received.handed_over_at == one.claimed_at
        assert received.to is not None
        assert "@" in received.to
        assert received.subject == preview(session, "product_digest", one.locale).subject
        name = keyring().unseal(session.get_one(Person, one.person_id).name_sealed or b"")
        assert name.split(" ")[0] in received.text
        assert "[[" not in received.html


def test_a_running_product_is_played_over_http(engine: Engine, hook: Path) -> None:
    """By its own clock: each click is at its moment all the same, and what is counted is what is true."""
    clock, key = SystemClock(), stage.open_hook(hook)
    which = stage.market_of("8", 12, clock.now(), people=200)
    stage.prepare(engine, clock.now())
    with front_doors(engine, clock) as url:
        for wrong, remedy in (
            (Play(engine, Product(url, "another"), clock, key, which), "GROWTH_HOME"),
            (
                Play(engine, Product(url, collector_key()), clock, ec.generate_private_key(ec.SECP256R1()), which),
                "KEY=",
            ),
        ):
            with pytest.raises(RefusedError) as refused:
                wrong.run()
            assert remedy in str(refused.value)
        with transaction(engine) as session:
            assert session.scalar(select(func.count()).select_from(Person)) == 0
        report = Play(engine, Product(url, collector_key()), clock, key, which).run()
    stage.settle(engine, which, clock.now())
    true, ours = truth(which)["sides"]["buyer"]["all"], counted(engine, "buyer")
    assert {kind: ours[kind] for kind in KINDS} == {kind: true[kind] for kind in KINDS}
    clicked = sorted(at for one in which.lives() for at in one.clicked.values() if at <= which.until)
    with transaction(engine) as session:
        moments = [at for at in session.scalars(select(Delivery.clicked_at)) if at is not None]
    assert len(moments) == report.clicks == len(clicked) > 0
    long_ago = [at.replace(microsecond=0) for at in clicked if at < which.until - timedelta(hours=2)]
    assert sorted(moments)[: len(long_ago)] == long_ago


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-25", "2026-11-24T13:00", ""])
def test_only_what_is_past_can_be_played(text: str) -> None:
    with pytest.raises(InvalidError):
        stage.end_of(text, NOON)
    assert stage.end_of("2026-11-24T12:00+03:00", NOON) == NOON - timedelta(hours=3)
    assert stage.end_of("2026-11-24", NOON) == NOON - timedelta(hours=12)


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
