"""One mailbox, written in other ways: who doesn't want to be written to is heard however the address is written."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.people.consent import record_by_hand
from growth.people.identity import Known, email_hash, ensure_person
from growth.people.importing.suppressing import suppress_address, suppress_file
from growth.people.permission.leaving import leave_everything, take_back
from growth.people.records import Suppression
from growth.people.suppression import suppress, suppressions
from growth.people.suppression_list import look_up

PLAIN, DOTTED, TAGGED = "annabell@gmail.com", "anna.bell@gmail.com", "a.nnabell+shop@googlemail.com"


def _reasons(session: Session, address: str) -> set[str]:
    return {one.reason for one in suppressions(session, "email", [email_hash(address)])}


@pytest.mark.parametrize("stored", [PLAIN, DOTTED])
def test_what_one_of_us_suppresses_holds_for_addresses_known_before_and_after(
    session: Session, clock: FixedClock, stored: str
) -> None:
    ensure_person(session, Known(email=stored), clock.now())
    suppress_address(session, TAGGED, source="by phone", actor="a", now=clock.now())
    later = PLAIN if stored == DOTTED else DOTTED
    ensure_person(session, Known(email=later), clock.now())
    ensure_person(session, Known(email="anna.bell@example.com"), clock.now())
    for address in (PLAIN, DOTTED, TAGGED):
        assert _reasons(session, address) == {"manual"}
    assert _reasons(session, "anna.bell@example.com") == set()
    assert {one.reason for one in look_up(session, "annab.ell@gmail.com")} == {"manual"}


def test_a_list_brought_in_holds_for_mailboxes_and_counts_addresses(
    session: Session, clock: FixedClock, tmp_path: Path
) -> None:
    ensure_person(session, Known(email=PLAIN), clock.now())
    path = tmp_path / "list.csv"
    path.write_text(f"email\n{TAGGED}\nother@example.com\n")
    done = suppress_file(session, path, source="old", actor="a", now=clock.now())
    assert (done.new, done.known) == (2, 0)
    assert _reasons(session, PLAIN) == {"imported"}


def test_a_bounce_says_nothing_of_other_ways_of_writing(session: Session, clock: FixedClock) -> None:
    ensure_person(session, Known(email=DOTTED), clock.now())
    suppress(session, "email", email_hash(DOTTED), reason="hard_bounce", source="x", now=clock.now())
    ensure_person(session, Known(email=PLAIN), clock.now())
    assert _reasons(session, PLAIN) == set()
    assert look_up(session, PLAIN) == []


def test_leaving_everything_is_the_mailboxes_and_taking_it_back_too(session: Session, clock: FixedClock) -> None:
    one = ensure_person(session, Known(email=DOTTED), clock.now())
    ensure_person(session, Known(email=TAGGED), clock.now())
    said = {"granted": True, "basis": "consent", "source": "call", "wording": "w", "at": None}
    record_by_hand(session, one, **said, purpose="seller_news", actor="a", now=clock.now())  # type: ignore[arg-type]
    leave_everything(session, one, now=clock.now())
    assert _reasons(session, TAGGED) == _reasons(session, PLAIN) == {"unsubscribe"}
    assert take_back(session, one, now=clock.now())
    assert session.scalars(select(Suppression)).all() == []
