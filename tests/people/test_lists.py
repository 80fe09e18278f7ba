"""Lists: who is on them, and who may be put there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.errors import RefusedError
from growth.people.consent import record_by_hand
from growth.people.identity import Known, ensure_person
from growth.people.permission import guarding, lists
from growth.people.permission.records import MailingList


def _list(session: Session, clock: FixedClock) -> MailingList:
    topic = lists.Topic(names={"en": "News"}, descriptions={}, public=True)
    return lists.create(session, "news", "buyer", topic, actor="m", now=clock.now())


def test_by_hand_only_who_allows_e_mail_and_never_left(session: Session, clock: FixedClock) -> None:
    found, now = _list(session, clock), clock.now()
    person = ensure_person(session, Known(email="ana@example.com"), now)
    with pytest.raises(RefusedError, match="doesn't allow"):
        lists.add_by_hand(session, found, person, actor="m", now=now)
    said = {"basis": "consent", "source": "call", "wording": "Yes", "at": None, "actor": "m", "now": now}
    record_by_hand(session, person, granted=True, **said)  # type: ignore[arg-type]
    assert lists.add_by_hand(session, found, person, actor="m", now=now)
    assert not lists.add_by_hand(session, found, person, actor="m", now=now)
    assert lists.counts(session, [found.id])[found.id] == lists.Count(1, more=False)
    assert lists.leave(session, found.id, person, source="preferences", now=now)
    assert not lists.leave(session, found.id, person, source="preferences", now=now)
    with pytest.raises(RefusedError, match="has left"):
        lists.add_by_hand(session, found, person, actor="m", now=now)
    assert lists.subscribe(session, found.id, person, source="form news", now=now)
    assert lists.is_on(session, found.id, person)


@given(st.text(max_size=60))
def test_an_origin_is_a_plain_host_or_nothing(text: str) -> None:
    for tried in (text, f"https://{text}", f"http://shop.example{text}"):
        origin = guarding.clean_origin(tried)
        if origin is not None:
            assert guarding.clean_origin(origin) == origin
            assert origin.split("://")[0] in {"http", "https"}
            assert not set(origin) & set(" ;,'\"<>@?#\\\r\n")


@pytest.mark.parametrize(
    ("given_one", "kept"),
    [
        ("https://Shop.Example/a?b", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://user:password@shop.example", "https://shop.example"),
        ("shop.example", None),
        ("https://", None),
        ("https://a:b", None),
        (None, None),
    ],
)
def test_origins(given_one: str | None, kept: str | None) -> None:
    assert guarding.clean_origin(given_one) == kept


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("testclient", None),
        (None, None),
    ],
)
def test_of_an_address_the_network_is_kept(host: str | None, network: str | None) -> None:
    assert guarding.ip_prefix(host) == network
