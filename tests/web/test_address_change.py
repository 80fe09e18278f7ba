"""A new address, asked for on the page of preferences: confirmed first, and no stranger learns whose it is."""

from datetime import timedelta

import httpx
from sqlalchemy import select

from growth.campaigns.letters.records import Letter
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.links import delivery_preferences
from growth.keyring import keyring
from growth.people.identity import Known, email_hash, ensure_person
from growth.people.permission import confirming
from growth.people.permission.records import Confirmation
from growth.people.records import Identity
from growth.people.suppression import suppress
from tests.web.messages import Message
from tests.web.serving import Site
from tests.web.test_preferences import agreed, message, path, reader

__all__ = ["message", "reader"]


def letters(site: Site) -> list[tuple[str, str]]:
    """Message and address of each letter posted."""
    with transaction(site.engine) as session:
        found = session.scalars(select(Letter).order_by(Letter.id)).all()
        return [(one.message, keyring().unseal(one.email_sealed or b"")) for one in found]


def test_a_new_address_is_asked_first_and_nothing_changes_before(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    where = path(delivery_preferences(message.delivery), "/address")
    assert reader.post(where, data={"email": " Anna.New@Example.com "}).status_code == 303
    assert letters(site) == [("confirm_address", "anna.new@example.com")]
    reader.post(where, data={"email": "anna.new@example.com"})
    assert len(letters(site)) == 1
    clock.moment += timedelta(minutes=2)
    reader.post(where, data={"email": "anna.new@example.com"})
    assert len(letters(site)) == 2
    with transaction(site.engine) as session:
        assert session.scalars(select(Confirmation.kind)).all() == ["address"]
        live = session.scalars(select(Identity).where(Identity.retired_at.is_(None))).all()
        assert [keyring().unseal(one.sealed or b"") for one in live] == ["anna@example.com"]
    wrong = reader.post(where, data={"email": "anna"})
    assert wrong.status_code == 422
    assert "There is no @ in it." in wrong.text
    assert 'value="anna"' in wrong.text


def test_a_stranger_s_address_is_answered_alike_and_changes_nothing(
    site: Site, message: Message, reader: httpx.Client
) -> None:
    with transaction(site.engine) as session:
        other = ensure_person(session, Known(email="boris@example.com"), site.clock.now())
    where = path(delivery_preferences(message.delivery), "/address")
    known = reader.post(where, data={"email": "boris@example.com"})
    unknown = reader.post(where, data={"email": "nobody@example.com"})
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    for _ in range(3):
        reader.post(where, data={"email": "boris@example.com"})
    assert letters(site) == [("address_taken", "boris@example.com"), ("confirm_address", "nobody@example.com")]
    with transaction(site.engine) as session:
        assert (
            session.scalar(select(Identity.person_id).where(Identity.hash == email_hash("boris@example.com"))) == other
        )
        suppress(session, "email", email_hash("gone@example.com"), reason="complaint", source="x", now=site.clock.now())
    barred = reader.post(where, data={"email": "gone@example.com"})
    assert (barred.status_code, barred.headers["location"]) == (known.status_code, known.headers["location"])
    assert len(letters(site)) == 2


def test_a_new_address_is_confirmed_by_a_button_and_once(site: Site, message: Message, reader: httpx.Client) -> None:
    reader.post(path(delivery_preferences(message.delivery), "/address"), data={"email": "anna.new@example.com"})
    with transaction(site.engine) as session:
        link = confirming.sign(session.scalars(select(Confirmation)).one())
    assert "a***@example.com" in reader.get(link).text
    assert reader.head(link).status_code in {200, 405}
    assert [one for one, _ in letters(site)] == ["confirm_address"]
    assert [reader.post(link).status_code for _ in range(2)] == [303, 303]
    assert "Your new address is confirmed" in reader.get(link).text
    assert letters(site) == [("confirm_address", "anna.new@example.com"), ("address_changed", "anna@example.com")]
    with transaction(site.engine) as session:
        live = session.scalars(select(Identity).where(Identity.retired_at.is_(None))).all()
        assert [keyring().unseal(one.sealed or b"") for one in live] == ["anna.new@example.com"]
    assert agreed(site, message.person)


def test_one_link_writes_to_few_strangers_an_hour(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    where = path(delivery_preferences(message.delivery), "/address")
    for number in range(12):
        reader.post(where, data={"email": "no address"})
        answer = reader.post(where, data={"email": f"stranger{number}@example.com"})
    assert answer.status_code == 422
    assert "try again in an hour" in answer.text
    assert len(letters(site)) == 10
    clock.moment += timedelta(hours=1)
    assert reader.post(where, data={"email": "mine@example.com"}).status_code == 303
