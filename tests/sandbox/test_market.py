"""The market is the same from the same seed, and as true as it says."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growth.attribution.rules import classify
from growth.clock import FixedClock
from growth.errors import RefusedError
from growth.sandbox.dice import Dice
from growth.sandbox.mailbox.message import Message, compose, copies
from growth.sandbox.market.habits import AWAKE, EVERYBODY, NOBODY, Habits, Market
from growth.sandbox.market.lives import live
from growth.sandbox.market.replies import Replies, Step, What, event_key, nation_of
from growth.sandbox.market.seen import seen
from growth.sandbox.market.sellers import seen as seen_of_seller
from growth.sandbox.market.sellers import sellers_of
from growth.sandbox.market.shoppers import looking
from growth.sandbox.market.traffic import begins
from growth.sandbox.market.visitors import Visitors
from growth.sandbox.product import Product

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DICE = Dice("market")


def message(address: str, subject: str = "Welcome", language: str = "ru", **more: Any) -> Message:
    mail = {
        "personalizations": [{"to": [{"email": address}]}],
        "from": {"email": "hello@example.com"},
        "subject": subject,
        "content": [{"type": "text/html", "value": f'<html dir="auto" lang="{language}"><body></body></html>'}],
        **more,
    }
    (row,) = copies(mail)
    return compose(1, {"id": "i", "at": NOON.timestamp(), "mail": mail}, row)


def life(one: Message, market: Market, *, wrote_before: bool = False) -> list[Step]:
    return Replies(market, lambda _: wrote_before).to(one)


@given(st.integers(0, 10**6), st.text(min_size=1, max_size=5), st.sampled_from(["ru", "en", "pt-BR", "zh-Hans", "fr"]))
def test_a_life_is_the_same_each_time_and_in_order(number: int, seed: str, language: str) -> None:
    one = message(f"a{number}@x.example", language=language)
    steps = life(one, Market(seed=seed, habits=Habits(opens=0.9, clicks=0.9, orders=0.9, repeated_events=0.5)))
    assert steps == life(one, Market(seed=seed, habits=Habits(opens=0.9, clicks=0.9, orders=0.9, repeated_events=0.5)))
    assert len(steps) <= 24
    at = {step.what: step.at for step in steps}
    order = [What.PROCESSED, What.DEFERRED, What.DELIVERED, What.SEES, What.FOLLOWS, What.ORDERS]
    happened = [at[what] for what in order if what in at]
    assert happened == sorted(happened)
    assert all(step.due >= step.at >= NOON for step in steps)
    assert len(at.keys() & {What.DELIVERED, What.BOUNCE, What.BLOCKED}) == 1
    assert (What.SEES in at) <= (What.DELIVERED in at)


def test_what_is_told_twice_has_one_id_and_other_events_others() -> None:
    one = message("a@x.example")
    steps = life(one, Market(habits=Habits(repeated_events=1.0)))
    keys = Counter(event_key(one, step, DICE) for step in steps if not step.what.is_deed)
    assert set(keys.values()) == {2}


def test_events_come_out_of_order_now_and_then() -> None:
    lives = [life(message(f"a{number}@x.example"), Market()) for number in range(300)]
    told = [sorted((step for step in steps if not step.what.is_deed), key=lambda step: step.due) for steps in lives]
    mixed = [steps for steps in told if [step.at for step in steps] != sorted(step.at for step in steps)]
    assert 10 < len(mixed) < 290


def test_so_many_open_click_and_order_as_the_habits_say() -> None:
    habits = Habits(by_locale={})
    hour = NOON + timedelta(hours=0)
    done: Counter[What] = Counter()
    for number in range(20_000):
        done.update({step.what for step in life(message(f"a{number}@x.example"), Market(habits=habits))})
    assert done[What.BOUNCE] / 20_000 == pytest.approx(habits.dead_addresses, abs=0.003)
    eager = habits.eagerness("ru", (hour.hour + 3) % 24)
    assert done[What.SEES] / done[What.DELIVERED] == pytest.approx(habits.opens * eager, rel=0.05)
    assert done[What.ORDERS] / done[What.FOLLOWS] == pytest.approx(habits.orders, rel=0.15)


def test_nobody_does_nothing_and_everybody_everything() -> None:
    for number in range(50):
        one = message(f"a{number}@x.example")
        assert [step.what for step in life(one, NOBODY)] == [What.PROCESSED, What.DELIVERED]
        assert {What.SEES, What.FOLLOWS, What.ORDERS} <= {step.what for step in life(one, EVERYBODY)}


def test_night_is_quieter_than_day_and_the_average_day_is_one() -> None:
    assert len(AWAKE) == 24
    assert sum(AWAKE) / 24 == pytest.approx(1, abs=0.05)
    assert Habits().eagerness("ru", 3) < Habits().eagerness("ru", 20)


@pytest.mark.parametrize(
    ("language", "locale"),
    [("ru", "ru"), ("pt-BR", "pt_BR"), ("zh-CN", "zh_CN"), ("en", "en"), ("und", "en")],
)
def test_readers_live_where_their_language_is_read(language: str, locale: str) -> None:
    found = {nation_of(message(f"a{n}@x.example", language=language), DICE) for n in range(60)}
    assert {one.locale for one in found} == {locale}
    assert len({one.country for one in found}) > 1


TODAY = NOON.date()


@pytest.fixture(scope="module")
def visitors() -> Visitors:
    return Visitors(DICE, TODAY)


@given(st.lists(st.integers(0, 3_600), min_size=2, max_size=6, unique=True))
@settings(max_examples=20)
def test_visits_are_told_once_however_time_is_cut(visitors: Visitors, cuts: list[int]) -> None:
    moments = [NOON + timedelta(seconds=cut) for cut in sorted(cuts)]
    whole = sorted(one["id"] for one in visitors.happening(moments[0], moments[-1]))
    parts = [one["id"] for after, until in itertools.pairwise(moments) for one in visitors.happening(after, until)]
    assert sorted(parts) == whole


def test_another_process_tells_the_same(visitors: Visitors) -> None:
    again = Visitors(Dice("market"), TODAY)
    hour = NOON, NOON + timedelta(hours=1)
    told = sorted((one["id"], one["at"]) for one in again.happening(*hour))
    assert told == sorted((one["id"], one["at"]) for one in visitors.happening(*hour))
    assert told


def test_the_demo_is_busier_than_its_past_and_what_came_before_goes_on(visitors: Visitors) -> None:
    day = NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1)
    earlier = Visitors(DICE, TODAY + timedelta(days=9))
    busy, quiet = (list(one.happening(*day)) for one in (visitors, earlier))
    assert {one["id"] for one in quiet} <= {one["id"] for one in busy}
    assert 2 * len(quiet) < len(busy)
    new = {one["visitor"] for one in quiet if one["kind"] == "page_view"}
    assert any(one["kind"] == "order" and one["visitor"] not in new for one in quiet)


def test_each_is_known_by_the_channel_they_came_by() -> None:
    for shopper in itertools.islice(looking(DICE, TODAY), 300):
        life = live(shopper, DICE)
        pages = [one for one in seen(life, DICE) if one["kind"] == "page_view"]
        for (moment, channel), page in zip(life.visits, pages, strict=True):
            told = classify("page_view", "buyer", page["properties"])
            assert (told.channel if told else "direct") == channel, page
            assert datetime.fromisoformat(page["at"]) == moment
    for one in (one for back in range(9) for one in sellers_of(DICE, TODAY - timedelta(days=back))):
        first = next(seen_of_seller(one, DICE))
        told = classify(first["kind"], "seller", first["properties"])
        assert told is not None
        assert told.channel == one.channel


def test_after_a_long_sleep_or_a_step_back_of_the_clock_nobody_is_made_up() -> None:
    clock = FixedClock(NOON)
    assert begins(None, clock.now()) == NOON
    assert begins(NOON - timedelta(seconds=7), NOON) == NOON - timedelta(seconds=7)
    assert begins(NOON - timedelta(days=3), NOON) == NOON - timedelta(minutes=10)
    assert begins(NOON + timedelta(days=3), NOON) == NOON


@pytest.mark.parametrize("url", ["https://example.com", "http://10.0.0.1:8000", "http://", "http://127.0.0.1.example"])
def test_nothing_but_this_machine_is_reached(url: str) -> None:
    with pytest.raises(RefusedError):
        Product(url, "key")
