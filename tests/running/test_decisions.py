"""Decisions of starting and running, by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.database.disk import ROOM_TO_RESTART, ROOM_TO_START, enough_room
from growth.database.migrate import check_version
from growth.errors import ConflictError, PermanentError, RefusedError
from growth.running.children import pause_before_restart
from growth.running.demo import Mode, check_provider, decide, environment
from growth.running.telling import ended


@given(st.integers(1, 10_000))
def test_pauses_grow_up_to_half_a_minute(failures: int) -> None:
    assert 0.5 <= pause_before_restart(failures) <= pause_before_restart(failures + 1) <= 30


@pytest.mark.parametrize(
    ("found", "wants_demo", "mode"),
    [
        (Mode.EMPTY, True, Mode.DEMO),
        (Mode.EMPTY, False, Mode.EMPTY),
        (Mode.DEMO, True, Mode.DEMO),
        (Mode.REAL, True, Mode.REAL),
        (Mode.REAL, False, Mode.REAL),
    ],
)
def test_a_product_set_up_for_real_never_becomes_a_demo(found: Mode, wants_demo: bool, mode: Mode) -> None:
    assert decide(found, wants_demo=wants_demo) is mode


def test_a_demo_never_starts_without_its_sandbox() -> None:
    with pytest.raises(ConflictError, match="The demo lives here"):
        decide(Mode.DEMO, wants_demo=False)


def test_the_demo_overrides_every_setting_of_the_provider() -> None:
    told = environment(8025, "key")
    assert told["GROWTH_SENDGRID_URL"] == "http://127.0.0.1:8025"
    assert {"GROWTH_SENDGRID_API_KEY", "GROWTH_SENDGRID_WEBHOOK_KEY", "GROWTH_SHOP_URL"} <= set(told)


@pytest.mark.parametrize(
    "url",
    ["https://api.sendgrid.com", "https://api.eu.sendgrid.com", "http://127.0.0.1.example.com", "http://10.0.0.1", ""],
)
def test_a_part_by_itself_reaches_no_real_provider_from_the_demo(url: str) -> None:
    with pytest.raises(RefusedError, match="no real provider can be reached"):
        check_provider(Mode.DEMO, url)
    check_provider(Mode.REAL, url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8025", "http://localhost:8025", "http://[::1]:8025"])
def test_a_part_by_itself_reaches_the_sandbox(url: str) -> None:
    check_provider(Mode.DEMO, url)


@given(st.integers(0, 10**13))
def test_room_to_start_is_room_to_start_again(free: int) -> None:
    assert enough_room(free, fresh=False) or not enough_room(free, fresh=True)


def test_the_room_needed_is_counted_exactly() -> None:
    assert enough_room(ROOM_TO_START, fresh=True)
    assert not enough_room(ROOM_TO_START - 1, fresh=True)
    assert not enough_room(ROOM_TO_RESTART - 1, fresh=False)


@pytest.mark.parametrize("major", [9, 14])
def test_an_old_database_is_refused_with_what_to_do(major: int) -> None:
    with pytest.raises(PermanentError, match=f"version {major}; growth needs 15 or newer. Point GROWTH_DATABASE_URL"):
        check_version(major)


@pytest.mark.parametrize("major", [15, 18, 21])
def test_a_newer_database_will_do(major: int) -> None:
    check_version(major)


def test_how_a_process_ended_is_told_in_words() -> None:
    assert [ended(1), ended(-9), ended(-63)] == [
        "ended with status 1",
        "was ended by SIGKILL",
        "was ended by signal 63",
    ]
