"""Accounts: one administrator always left, links that work once, passwords that verify."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from growth.people.accounts import Account, Role
from growth.people.passwords import (
    LINK_LASTS,
    account_of_link,
    check_password,
    hashed,
    matches,
    no_password,
    password_link,
)
from growth.people.sign_in import (
    LASTS_AT_MOST,
    LIMITS,
    WINDOW,
    account_of_session,
    close_all_sessions,
    open_session,
    sign_in,
    wait_needed,
)
from growth.people.staff import account_by_email, change_roles, checked_email, close_account, new_account
from tests.conftest import NOON

PASSWORD = "a sentence is easiest"


@pytest.fixture
def admin(session: Session) -> Account:
    """The only administrator."""
    return new_account(
        session, email="Lin@Example.com", name="Lin", roles=[Role.ADMIN], password_hash=hashed(PASSWORD), now=NOON
    )


def rep(session: Session, email: str = "rep@example.com") -> Account:
    return new_account(session, email=email, name="Rep", roles=[Role.REP], password_hash=no_password(), now=NOON)


def test_the_last_administrator_stays_one(session: Session, admin: Account) -> None:
    with pytest.raises(RefusedError):
        close_account(session, admin, NOON)
    with pytest.raises(RefusedError):
        change_roles(session, admin, [Role.REP])
    change_roles(session, rep(session), [Role.ADMIN, Role.REP])
    change_roles(session, admin, [Role.MANAGER])
    assert [role.role for role in admin.roles] == ["manager"]


def test_a_closed_administrator_does_not_count(session: Session, admin: Account) -> None:
    other = rep(session)
    change_roles(session, other, [Role.ADMIN])
    close_account(session, other, NOON)
    with pytest.raises(RefusedError):
        close_account(session, admin, NOON)


def test_one_account_an_address_in_any_case(session: Session, admin: Account) -> None:
    with pytest.raises(ConflictError):
        rep(session, "LIN@example.COM")
    assert account_by_email(session, " lin@EXAMPLE.com ") is admin
    with pytest.raises(NotFoundError):
        account_by_email(session, "nobody@example.com")


@pytest.mark.parametrize("text", ["", "a", "a@", "@b.c", "a b@c.d", "a@b", "<a>@b.c", f"{'a' * 250}@b.cd"])
def test_what_is_no_address_is_no_account(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        checked_email(text)
    assert caught.value.field == "email"


def test_an_account_without_a_password_matches_none(session: Session) -> None:
    account = rep(session)
    assert not matches(account, "")
    assert not matches(account, account.password_hash)
    assert not matches(None, PASSWORD)


def test_a_weaker_hash_is_made_anew_at_sign_in(session: Session, admin: Account) -> None:
    from argon2 import PasswordHasher

    admin.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    before = admin.password_hash
    assert matches(admin, PASSWORD)
    assert admin.password_hash != before
    assert matches(admin, PASSWORD)
    assert session.is_modified(admin)


def token(link: str) -> str:
    return link.partition("?t=")[2]


def test_a_password_link_works_once_and_for_a_while(session: Session) -> None:
    account = rep(session)
    link = token(password_link(account, NOON))
    assert account_of_link(session, link, NOON + LINK_LASTS) is account
    with pytest.raises(RefusedError):
        account_of_link(session, link, NOON + LINK_LASTS + timedelta(seconds=1))
    account.password_hash = hashed(PASSWORD)
    with pytest.raises(RefusedError):
        account_of_link(session, link, NOON)


@pytest.mark.parametrize("link", ["", "x", "MTox.AAAA", "é.é", "a.b.c"])
def test_a_made_up_link_is_refused(session: Session, link: str) -> None:
    with pytest.raises(RefusedError):
        account_of_link(session, link, NOON)


@given(st.text(max_size=11))
def test_short_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidError):
        check_password(password)


@pytest.mark.parametrize(
    "password", ["lin.mei.the.first@example.com", "lin.mei.the.first", "aaaaaaaaaaaaaaaa", "x" * 201]
)
def test_guessable_and_endless_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidError):
        check_password(password, email="lin.mei.the.first@example.com")


def test_failures_from_one_address_do_not_lock_another_out(session: Session, admin: Account, clock: FixedClock) -> None:
    for _ in range(LIMITS["pair"]):
        assert sign_in(session, admin.email, "wrong", "192.0.2.1", clock.now()).wait is None
    assert sign_in(session, admin.email, PASSWORD, "192.0.2.1", clock.now()).wait is not None
    assert sign_in(session, admin.email, PASSWORD, "192.0.2.2", clock.now()).token is not None


@given(st.integers(0, 200), st.integers(0, 3000))
def test_a_wait_ends_with_the_window(count: int, seconds: int) -> None:
    wait = wait_needed({"pair": (count, NOON - timedelta(seconds=seconds))}, NOON)
    if count < LIMITS["pair"] or timedelta(seconds=seconds) >= WINDOW:
        assert wait is None
    else:
        assert wait == WINDOW - timedelta(seconds=seconds)


def test_a_session_lives_no_longer_than_its_longest(session: Session, admin: Account) -> None:
    kept = open_session(session, admin.id, NOON)
    now = NOON
    while now < NOON + LASTS_AT_MOST:
        assert account_of_session(session, kept, now) is not None
        now += timedelta(days=5)
    assert account_of_session(session, kept, now) is None


def test_signing_out_everywhere_ends_all_sessions(session: Session, admin: Account) -> None:
    tokens = [open_session(session, admin.id, NOON) for _ in range(3)]
    other = open_session(session, rep(session).id, NOON)
    close_all_sessions(session, admin.id)
    assert [account_of_session(session, kept, NOON) for kept in tokens] == [None] * 3
    assert account_of_session(session, other, NOON) is not None


def test_a_closed_account_is_out_at_once(session: Session, admin: Account) -> None:
    account = rep(session)
    kept = open_session(session, account.id, NOON)
    close_account(session, account, NOON)
    session.flush()
    assert account_of_session(session, kept, NOON) is None
    assert admin.disabled_at is None
