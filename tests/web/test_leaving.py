"""Leaving everything on the page of preferences, undoing it, coming back, and saying why."""

from datetime import timedelta

import httpx
from sqlalchemy import select

from growth.campaigns.records import Delivery
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.links import delivery_preferences, sign_unsubscribe
from growth.events.records import Event
from growth.people.identity import email_hash
from growth.people.records import ConsentFact, Suppression
from growth.people.suppression import suppress
from tests.web.messages import Message
from tests.web.serving import Site
from tests.web.test_preferences import agreed, message, on, path, reader

__all__ = ["message", "reader"]


def test_unsubscribing_from_all_ends_it_everywhere_and_is_undone_within_ten_minutes(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    where = delivery_preferences(message.delivery)
    reader.post(where, data={"topics": ["news"], "shown": ["news:off"]})
    for _ in range(2):
        assert reader.post(path(where, "/unsubscribe")).status_code == 303
    assert not agreed(site, message.person)
    assert on(site, message.person) == set()
    with transaction(site.engine) as session:
        assert {one.scope for one in session.scalars(select(Suppression))} == {"all", "marketing"}
        assert session.get_one(Delivery, message.delivery).unsubscribed_at == clock.now()
        ended = session.scalars(select(ConsentFact).where(~ConsentFact.granted)).all()
        assert [one.source for one in ended] == ["preferences: all"]
    page = reader.get(where).text
    assert "Undo" in page
    assert "Why you unsubscribed" in page
    clock.moment += timedelta(minutes=9)
    for _ in range(2):
        reader.post(path(where, "/undo"))
    assert agreed(site, message.person)
    assert on(site, message.person) == {"news"}
    with transaction(site.engine) as session:
        assert session.scalars(select(Suppression)).all() == []
        restored = session.scalars(select(ConsentFact).where(ConsentFact.source == "preferences: undone")).all()
        assert [(one.basis, one.wording) for one in restored] == [("consent", "Yes")]
        kinds = session.scalars(select(Event.kind)).all()
    assert kinds == ["unsubscribe"]


def test_after_ten_minutes_it_is_a_new_permission_in_its_own_words(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    where = delivery_preferences(message.delivery)
    reader.post(path(where, "/unsubscribe"))
    clock.moment += timedelta(minutes=10, seconds=1)
    assert "Undo" not in reader.get(where).text
    reader.post(path(where, "/undo"))
    assert not agreed(site, message.person)
    for _ in range(2):
        reader.post(path(where, "/again"))
    assert agreed(site, message.person)
    with transaction(site.engine) as session:
        fact = session.scalars(select(ConsentFact).where(ConsentFact.source == "preferences")).one()
    assert fact.wording.startswith("By this I allow Market of makers")
    assert fact.evidence["delivery"] == message.delivery


def test_who_left_joins_a_topic_again_by_choosing_it(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    where = delivery_preferences(message.delivery)
    reader.post(path(where, "/unsubscribe"))
    clock.moment += timedelta(hours=1)
    reader.post(where, data={"topics": ["news"], "shown": ["news:off"]})
    assert agreed(site, message.person)
    with transaction(site.engine) as session:
        fact = session.scalars(select(ConsentFact).order_by(ConsentFact.id.desc())).first()
    assert fact is not None
    assert fact.wording.startswith("News. By choosing a topic I allow")
    assert fact.evidence["topic"] == "news"


def test_who_complained_can_open_nothing_again(site: Site, message: Message, reader: httpx.Client) -> None:
    with transaction(site.engine) as session:
        digest = email_hash("anna@example.com")
        suppress(session, "email", digest, reason="complaint", source="sendgrid", now=site.clock.now())
    where = delivery_preferences(message.delivery)
    page = reader.get(where).text
    assert "This address isn't written to any more." in page
    assert "/p/preferences/" not in page
    assert reader.post(path(where, "/again")).status_code == 403
    assert reader.post(where, data={"topics": ["news"], "shown": ["news:off"]}).status_code == 403
    assert on(site, message.person) == set()


def test_why_is_kept_once_and_from_a_closed_list(site: Site, message: Message, reader: httpx.Client) -> None:
    where = path(delivery_preferences(message.delivery), "/why")
    for reason in ("too_often", "too_often", "<b>", ""):
        answer = reader.post(where, data={"reason": reason, "back": "unsubscribe"})
        assert answer.headers["location"].startswith("/p/unsubscribe?t=")
    with transaction(site.engine) as session:
        told = session.scalars(select(Event).where(Event.kind == "unsubscribe_reason")).all()
    assert [one.properties for one in told] == [{"reason": "too_often"}]


def test_the_unsubscribe_page_leads_on_and_asks_why(message: Message, reader: httpx.Client) -> None:
    where = sign_unsubscribe(message.delivery)
    assert delivery_preferences(message.delivery) in reader.get(where).text
    reader.post(where)
    page = reader.get(where).text
    assert "Why you unsubscribed" in page
    assert delivery_preferences(message.delivery) in page
