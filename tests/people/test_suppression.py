"""Suppression: which reason stays, what no import brings back, and the list as it is read."""

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import RefusedError
from growth.people.consent import may_write
from growth.people.identity import email_hash, find_person
from growth.people.records import Identity, Suppression
from growth.people.suppression import REASONS, mend, suppress, suppress_many, suppressions
from growth.people.suppression_list import REMOVABLE, addresses_on_list, count_on_list, take_away
from tests.people.bringing import ASKED, Importer

ORDER = {"soft_bounce": 0, "hard_bounce": 1, "unsubscribe": 1, "imported": 2, "manual": 2, "complaint": 2, "erased": 3}


def test_every_reason_has_its_weight() -> None:
    assert ORDER.keys() == set(REASONS)


@pytest.mark.parametrize("first", REASONS)
@pytest.mark.parametrize("second", REASONS)
def test_the_weightier_reason_stays(session: Session, clock: FixedClock, first: str, second: str) -> None:
    digest = b"x" * 32
    assert suppress(session, "email", digest, reason=first, source="1", now=clock.now())
    assert suppress_many(session, "email", [digest], reason=second, source="2", now=clock.now()) == 0
    (kept,) = suppressions(session, "email", [digest])
    session.refresh(kept)
    assert kept.reason == (second if ORDER[second] > ORDER[first] else first)


def test_adding_many_counts_the_new_ones(session: Session, clock: FixedClock) -> None:
    one, two, three = (bytes([number]) * 32 for number in (1, 2, 3))
    put = {"reason": "imported", "source": "list", "now": clock.now()}
    assert suppress_many(session, "email", [], **put) == 0  # type: ignore[arg-type]  # mixed kinds
    assert suppress_many(session, "email", [one, two, one], **put) == 2  # type: ignore[arg-type]  # likewise
    assert suppress_many(session, "email", [two, three], **put) == 1  # type: ignore[arg-type]  # likewise


def test_only_a_soft_bounce_is_mended(session: Session, clock: FixedClock) -> None:
    for number, reason in enumerate(REASONS):
        suppress(session, "email", bytes([number]) * 32, reason=reason, source="x", now=clock.now())
        mend(session, "email", bytes([number]) * 32)
    assert {one.reason for one in session.scalars(select(Suppression))} == set(REASONS) - {"soft_bounce"}


def test_the_list_is_read_in_pages_and_only_some_of_it_taken_away(session: Session, clock: FixedClock) -> None:
    for number in range(7):
        reason = REASONS[number]
        suppress(session, "email", bytes([number]) * 32, reason=reason, source="x", now=clock.now())
    first = addresses_on_list(session, None, size=4)
    second = addresses_on_list(session, None, after=first[-1].id, size=4)
    assert [one.reason for one in (*first, *second)] == list(reversed(REASONS))
    assert [one.reason for one in addresses_on_list(session, "complaint")] == ["complaint"]
    assert (count_on_list(session, None).addresses, count_on_list(session, "erased").addresses) == (7, 1)
    for one in (*first, *second):
        if one.reason in REMOVABLE:
            take_away(session, one, actor="admin@example.com", now=clock.now())
        else:
            with pytest.raises(RefusedError):
                take_away(session, one, actor="admin@example.com", now=clock.now())
    assert {one.reason for one in addresses_on_list(session, None)} == set(REASONS) - set(REMOVABLE)


@pytest.mark.parametrize("reason", [one for one in REASONS if one != "erased"])
def test_a_suppressed_address_comes_back_by_no_import(
    bring: Importer, engine: Engine, clock: FixedClock, reason: str
) -> None:
    with transaction(engine) as session:
        suppress(session, "email", email_hash("anna@mail.ru"), reason=reason, source="x", now=clock.now())
    file = "email,name\nAnna@MAIL.ru,Анна\nboris@mail.ru,Борис\n"
    review = bring(file, permission=ASKED, dry_run=True)
    assert (review.suppressed, review.permitted) == (1, 1)
    for _ in range(2):
        bring(file, permission=ASKED)
    with transaction(engine) as session:
        anna, boris = find_person(session, "email", "anna@mail.ru"), find_person(session, "email", "boris@mail.ru")
        assert anna is not None
        assert boris is not None
        assert not may_write(session, anna, "marketing", "email")
        assert may_write(session, boris, "marketing", "email")
        assert [one.reason for one in session.scalars(select(Suppression))] == [reason]


def test_an_import_stores_what_addresses_tell(bring: Importer, engine: Engine) -> None:
    bring("email,phone\nan.na+x@gmail.com,+79161234567\ninfo@example.com,\nx@mailinator.com,\n")
    with transaction(engine) as session:
        rows = session.execute(
            select(Identity.kind, Identity.receiver, Identity.trait, Identity.mailbox).order_by(Identity.receiver)
        ).all()
    assert [(one.kind, one.receiver, one.trait) for one in rows] == [
        ("email", "example.com", "role"),
        ("email", "gmail", None),
        ("email", "mailinator.com", "disposable"),
        ("phone", None, None),
    ]
    assert [one.mailbox for one in rows] == [None, email_hash("anna@gmail.com"), None, None]
