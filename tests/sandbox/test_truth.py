"""The market's truth: what a channel caused is what is missing without it, and money has its curve."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.attribution.channels import CHANNELS
from growth.errors import InvalidError
from growth.sandbox.dice import Dice
from growth.sandbox.market import costs
from growth.sandbox.market.lives import Life, inclination, live
from growth.sandbox.market.played import Played
from growth.sandbox.market.seasons import buyers_season, sellers_season
from growth.sandbox.market.shoppers import looking, shopper_of
from growth.sandbox.market.sources import BUYER_SOURCES
from growth.sandbox.market.switches import EVERYTHING_ON, HeldOut, Off, Switches, read_held_out, read_off
from growth.sandbox.market.truth import truth

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
DICE = Dice("truth")
BUYERS = [channel.key for channel in CHANNELS["buyer"]]
MARKET = Played("truth", first=TODAY - timedelta(days=60), until=NOON)
SHOPPERS = [one for back in range(20) for one in looking(DICE, TODAY - timedelta(days=back))]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return truth(MARKET)


def test_the_same_seed_gives_the_same_and_another_another(told: dict[str, Any]) -> None:
    assert truth(MARKET) == told
    assert truth(Played("other", MARKET.first, NOON))["sides"] != told["sides"]


def test_the_truth_is_of_the_events_that_are_seen(told: dict[str, Any]) -> None:
    buyers = told["sides"]["buyer"]["all"]
    registered = [life for life in MARKET.lives() if life.registered is not None and life.registered <= NOON]
    assert buyers["registration"] == len(registered)
    orders = [order for life in MARKET.lives() for order in life.orders if order.at <= NOON]
    assert buyers["order"] == len(orders)
    back = sum(order.refund[1] for order in orders if order.refund and order.refund[0] <= NOON)
    assert buyers["value_minor"] == sum(order.cents for order in orders) - back
    opened = [one for one in MARKET.sellers() if one.won is not None and one.won <= NOON]
    assert told["sides"]["seller"]["all"]["shop_open"] == len(opened)


@pytest.mark.parametrize("channel", ["paid_search", "email", "offline"])
def test_what_a_channel_caused_is_what_is_missing_when_it_is_off(told: dict[str, Any], channel: str) -> None:
    side = "seller" if channel == "offline" else "buyer"
    without = truth(Played(MARKET.seed, MARKET.first, NOON, switches=EVERYTHING_ON.without(channel)))
    with_it = told["sides"][side]
    for kind, count in with_it["all"].items():
        if isinstance(count, int):
            assert with_it["channels"][channel][kind] == count - without["sides"][side]["all"][kind]
    assert not any(value for value in without["sides"][side]["channels"][channel].values() if isinstance(value, int))
    assert with_it["channels"][channel]["order"] > 0


def test_countries_and_months_add_up_to_the_whole(told: dict[str, Any]) -> None:
    for side in told["sides"].values():
        for one in (side["all"], side["anyway"], *side["channels"].values()):
            for part in ("countries", "periods"):
                for kind in one.keys() - {"countries", "periods"}:
                    assert sum(counted[kind] for counted in one[part].values()) == one[kind]


def test_many_would_have_come_anyway_and_causes_overlap(told: dict[str, Any]) -> None:
    buyers = told["sides"]["buyer"]
    anyway, every = buyers["anyway"]["registration"], buyers["all"]["registration"]
    caused = sum(one["registration"] for one in buyers["channels"].values())
    assert 0.3 * every < anyway < 0.7 * every
    assert caused != every - anyway


@given(st.sampled_from(SHOPPERS), st.sets(st.sampled_from(BUYERS)), st.sampled_from(BUYERS))
def test_no_channel_keeps_anybody_from_registering(shopper: Any, off: set[str], more: str) -> None:
    fewer = Switches(off=tuple(Off(one) for one in sorted({*off, more})))
    with_it = live(shopper, DICE, Switches(off=tuple(Off(one) for one in sorted(off))))
    without = live(shopper, DICE, fewer)
    assert (without.registered is not None) <= (with_it.registered is not None)
    assert not {channel for _, channel in without.visits} & {*off, more}


@given(st.sampled_from(SHOPPERS))
def test_a_shopper_is_found_again_by_number(shopper: Any) -> None:
    assert shopper_of(DICE, shopper.number) == shopper


def test_where_a_channel_is_off_nobody_is_reached_and_elsewhere_nothing_changes() -> None:
    off = Off("seo", frozenset({"RU"}), TODAY - timedelta(days=15), TODAY - timedelta(days=6))
    for shopper in SHOPPERS:
        before, after = live(shopper, DICE), live(shopper, DICE, Switches(off=(off,)))
        assert not [
            one for one in after.visits if one[1] == "seo" and off.covers(shopper.nation.country, one[0].date())
        ]
        if shopper.nation.country != "RU":
            assert seen_in(before) == seen_in(after)


def seen_in(life: Life) -> tuple[object, ...]:
    return life.visits, life.registered, life.orders


def test_a_share_is_held_out_by_hash() -> None:
    held = HeldOut("paid_search", 20)
    out = [one for one in SHOPPERS if held.covers(one.number)]
    assert len(out) / len(SHOPPERS) == pytest.approx(0.2, abs=0.03)
    for shopper in out:
        assert "paid_search" not in {channel for _, channel in live(shopper, DICE, Switches(held_out=(held,))).visits}


def test_more_money_reaches_more_people_and_ever_fewer_for_it() -> None:
    source = BUYER_SOURCES["paid_search"]
    reach = [source.reach(source.spends * factor) for factor in (0, 1, 2, 3, 100)]
    steps = [later - earlier for earlier, later in itertools.pairwise(reach)]
    assert reach[0] == 0
    assert steps[0] > steps[1] > steps[2] > 0
    assert reach[-1] < source.top
    reached = [
        sum(
            "paid_search" in {channel for _, channel in one.contacts}
            for one in looking(DICE, TODAY, people=800, money=money)
        )
        for money in ({"paid_search": 0.5}, {}, {"paid_search": 2.0})
    ]
    assert reached[0] < reached[1] < reached[2]


def test_paid_search_helps_letters() -> None:
    both, email = inclination({"email", "paid_search"}), inclination({"email"})
    assert both - inclination({"paid_search"}) > email - inclination(set())


def test_what_is_off_costs_nothing() -> None:
    days = [date(2026, 10, 10) + timedelta(days=place) for place in range(10)]
    off = Switches(off=(Off("paid_search", frozenset({"BR"}), days[2], days[5]), Off("offline")))
    spent = list(costs.budgets(days, DICE, 160, off))
    brazil = {one.day for one in spent if one.channel == "paid_search" and one.country == "BR"}
    assert brazil == {*days[:2], *days[6:]}
    sold = {one.channel for one in costs.for_sellers(days, DICE, 1.0, off)}
    assert sold == {"members", "competitors", "online"}


def test_the_year_has_its_feasts() -> None:
    eleventh = date(2026, 11, 11)
    assert buyers_season("RU", eleventh) > 1.7 * buyers_season("RU", date(2026, 11, 4))
    assert buyers_season("RU", date(2026, 12, 16)) > 1.2 * buyers_season("PT", date(2026, 12, 16))
    assert buyers_season("BR", date(2026, 2, 17)) < 0.7 * buyers_season("BR", date(2026, 2, 3))
    assert sellers_season(date(2026, 2, 17)) < 0.3 * sellers_season(date(2026, 3, 17))


@pytest.mark.parametrize(
    "text", ["paid_search", "paid_search:RU,KZ", "seo:*:2026-08-01..2026-08-28", "offline::2026-08-01..", "email:br"]
)
def test_a_switch_is_read_as_it_is_written(text: str) -> None:
    assert read_off(str(read_off(text))) == read_off(text)
    assert read_held_out(str(read_held_out("email:10"))) == HeldOut("email", 10)


@pytest.mark.parametrize("text", ["", "television", "seo:RU:soon", "seo:RU:2026-08-02..2026-08-01"])
def test_what_cannot_be_read_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidError):
        read_off(text)


@pytest.mark.parametrize("text", ["email", "email:0", "email:100", "email:ten", "television:5"])
def test_so_is_a_share(text: str) -> None:
    with pytest.raises(InvalidError):
        read_held_out(text)
