"""Signed links: what we signed is read back, and nothing else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.clock import FixedClock
from growth.errors import RefusedError
from growth.events.links import (
    ClickLink,
    links_of,
    read_click,
    read_open,
    read_person,
    read_unsubscribe,
    sign_click,
    sign_open,
    sign_person,
    sign_unsubscribe,
)
from growth.ids import DeliveryId

BIGGEST = 2**63 - 1


@given(st.integers(1, BIGGEST), st.integers(0, 500))
def test_what_was_signed_is_read_back(delivery: int, position: int) -> None:
    click = sign_click(delivery, position)
    assert read_click(click.removeprefix("/c/")) == ClickLink(DeliveryId(delivery), position)
    assert read_open(sign_open(delivery).removeprefix("/o/").removesuffix(".gif")) == delivery
    assert read_unsubscribe(sign_unsubscribe(delivery).removeprefix("/p/unsubscribe?t=")) == delivery
    assert len(click) < 90


@given(st.integers(1, BIGGEST), st.integers(0, 12))
def test_links_signed_together_are_those_signed_alone(delivery: int, clicks: int) -> None:
    links = links_of(delivery, clicks)
    assert list(links.clicks) == [sign_click(delivery, position) for position in range(clicks)]
    assert (links.open, links.unsubscribe) == (sign_open(delivery), sign_unsubscribe(delivery))
    marks = [link.removesuffix(".gif").rpartition(".")[2] for link in (*links.clicks, links.open, links.unsubscribe)]
    assert len(set(marks)) == clicks + 2


@given(st.data())
def test_not_one_character_can_be_changed(data: st.DataObject) -> None:
    signed = sign_click(data.draw(st.integers(1, BIGGEST)), 3).removeprefix("/c/")
    place = data.draw(st.integers(0, len(signed) - 1))
    other = data.draw(st.characters().filter(lambda one: one != signed[place]))
    with pytest.raises(RefusedError):
        read_click(signed[:place] + other + signed[place + 1 :])


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    for read in (read_click, read_open, read_unsubscribe):
        with pytest.raises(RefusedError):
            read(text)


def test_a_link_of_one_kind_is_none_of_another() -> None:
    with pytest.raises(RefusedError):
        read_unsubscribe(sign_open(5).removeprefix("/o/").removesuffix(".gif"))


def test_a_person_is_known_for_thirty_days(clock: FixedClock) -> None:
    token = sign_person(42, clock.now())
    assert read_person(token, clock.now() + timedelta(days=29)) == 42
    with pytest.raises(RefusedError, match="30 days"):
        read_person(token, clock.now() + timedelta(days=31))
