"""What an address tells: its receiver, whether it is thrown away or read by several, and which mailbox it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.keyring import keyring
from growth.people.email_addresses import normal_email
from growth.people.identity import EMAIL, Known, ensure_person, identity_hash
from growth.people.permission.address_traits import (
    address_columns,
    disposable_domains,
    mailbox_of,
    receiver_of,
    role_names,
    trait_of,
)
from growth.people.records import Identity

DOMAINS = ["gmail.com", "googlemail.com", "outlook.com", "yandex.ru", "ya.ru", "mail.ru", "qq.com", "example.com"]
LOCALS = st.from_regex(r"[a-z0-9]{1,8}([.+_-][a-z0-9]{1,6}){0,3}", fullmatch=True)


@pytest.mark.parametrize(
    ("email", "receiver"),
    [
        ("a@gmail.com", "gmail"),
        ("a@googlemail.com", "gmail"),
        ("a@hotmail.co.uk", "outlook"),
        ("a@yahoo.com.br", "yahoo"),
        ("a@bk.ru", "mail.ru"),
        ("a@ya.ru", "yandex"),
        ("a@foxmail.com", "qq"),
        ("a@126.com", "netease"),
        ("a@bol.com.br", "uol"),
        ("a@terra.com.br", "terra"),
        ("a@me.com", "apple"),
        ("a@xn--e1afmkfd.example", "xn--e1afmkfd.example"),
        ("a@yahoo.example.com", "yahoo.example.com"),
        ("a@notgmail.com", "notgmail.com"),
    ],
)
def test_who_takes_an_address_in(email: str, receiver: str) -> None:
    assert receiver_of(email) == receiver


@pytest.mark.parametrize(
    ("email", "trait"),
    [
        ("info@example.com", "role"),
        ("no-reply@example.com", "role"),
        ("sales.1@example.com", "role"),
        ("zakaz@example.ru", "role"),
        ("fale-conosco@example.com.br", "role"),
        ("kefu01@example.cn", "role"),
        ("info+list@example.com", "role"),
        ("info@qq.com", None),
        ("sales88@163.com", None),
        ("anna@example.com", None),
        ("anna.sales@example.com", None),
        ("sacha@example.com", None),
        ("anna@mailinator.com", "disposable"),
        ("info@x.guerrillamail.com", "disposable"),
        ("anna@mailinator.example.com", None),
    ],
)
def test_what_kind_of_address_it_is(email: str, trait: str | None) -> None:
    assert trait_of(email) == trait


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna.ivanova+shop@gmail.com", "annaivanova@googlemail.com"),
        ("anna.ivanova@ya.ru", "anna-ivanova@yandex.com"),
        ("anna+x@outlook.com", "anna@outlook.com"),
        ("anna+x@mail.ru", "anna@mail.ru"),
    ],
)
def test_two_ways_of_writing_one_mailbox(one: str, other: str) -> None:
    assert mailbox_of(one) == mailbox_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b@example.com", "ab@example.com"),
        ("a+b@example.com", "a@example.com"),
        ("a@mail.ru", "a@bk.ru"),
        ("a.b@qq.com", "ab@qq.com"),
        ("a.b@outlook.com", "ab@outlook.com"),
    ],
)
def test_where_nothing_is_known_two_addresses_are_two_mailboxes(one: str, other: str) -> None:
    assert mailbox_of(one) != mailbox_of(other)


@given(LOCALS, st.sampled_from(DOMAINS))
def test_the_plain_form_is_its_own_and_at_the_same_receiver(local: str, domain: str) -> None:
    email = normal_email(f"{local}@{domain}")
    plain = mailbox_of(email)
    assert mailbox_of(plain) == plain
    assert plain.partition("@")[0]
    assert receiver_of(plain) == receiver_of(email)
    assert trait_of(email) in {"role", "disposable", None}


@given(LOCALS, st.sampled_from(["x", "sale", "2026"]), st.sampled_from(["gmail.com", "outlook.com", "mail.ru"]))
def test_a_tag_makes_no_other_mailbox(local: str, tag: str, domain: str) -> None:
    assert mailbox_of(f"{local}+{tag}@{domain}") == mailbox_of(f"{local.partition('+')[0]}@{domain}")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_whatever_stands_before_the_at_has_an_answer(local: str) -> None:
    for domain in DOMAINS:
        assert mailbox_of(f"{local}@{domain}").endswith(("@gmail.com", "@yandex.ru", f"@{domain}"))
        trait_of(f"{local}@{domain}")


def test_the_lists_are_lists_of_domains_and_of_plain_names() -> None:
    assert len(disposable_domains()) >= 150
    assert all("." in domain and domain == domain.lower() for domain in disposable_domains())
    assert not {domain for domain in disposable_domains() if receiver_of(f"a@{domain}") != domain}
    assert all(name.isalnum() and name.islower() for name in role_names())


def test_an_address_is_stored_with_what_it_tells(session: Session, clock: FixedClock) -> None:
    person = ensure_person(session, Known(email="An.Na+x@Gmail.com", phone="+79161234567"), clock.now())
    rows = session.scalars(select(Identity).where(Identity.person_id == person).order_by(Identity.kind)).all()
    email, phone = rows
    assert (email.receiver, email.trait) == ("gmail", None)
    assert email.mailbox == identity_hash(EMAIL, "anna@gmail.com")
    assert (phone.receiver, phone.trait, phone.mailbox) == (None, None, None)
    assert address_columns("anna@gmail.com", keyring()) == ("gmail", None, None)
