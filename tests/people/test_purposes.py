"""A list's purpose: whoever joins allows that and nothing else, and a campaign to the list needs just that."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.errors import InvalidError, RefusedError
from growth.people.consent import PURPOSES, may_write, record_by_hand
from growth.people.identity import Known, ensure_person
from growth.people.permission import lists, preferences, subscribing
from growth.people.permission.confirming import SUBSCRIPTION, Wish, ask
from growth.people.permission.forms import starting_texts
from growth.people.permission.records import MailingList
from growth.people.records import Consent

TOPIC = lists.Topic(names={"en": "Letter"}, descriptions={}, public=True)


def _list(session: Session, clock: FixedClock, key: str, purpose: str) -> MailingList:
    return lists.create(session, key, "seller", TOPIC, purpose=purpose, actor="a", now=clock.now())


def _confirmed(session: Session, clock: FixedClock, to: MailingList, email: str) -> int:
    wish = Wish(kind=SUBSCRIPTION, email=email, locale="en", list_id=to.id, wording="yes")
    found = ask(session, wish, clock.now()).confirmation
    assert found is not None
    return subscribing.confirm(session, found, ip_prefix=None, now=clock.now()).person_id


def test_a_confirmation_allows_the_purpose_of_its_list_alone(session: Session, clock: FixedClock) -> None:
    letter, news = _list(session, clock, "letter", "seller_news"), _list(session, clock, "news", "marketing")
    person = _confirmed(session, clock, letter, "a@example.com")
    assert session.scalars(select(Consent.purpose).where(Consent.person_id == person)).all() == ["seller_news"]
    assert subscribing.is_subscribed(session, "a@example.com", letter)
    assert not subscribing.is_subscribed(session, "a@example.com", news)
    with pytest.raises(RefusedError):
        lists.add_by_hand(session, news, person, actor="a", now=clock.now())
    standing = preferences.standing(session, person, locale="en", now=clock.now())
    assert (standing.allowed, standing.anything) == (False, True)
    assert {topic.key: topic.on for topic in standing.topics} == {"letter": True, "news": False}


def test_a_topic_comes_back_after_its_purpose_was_ended(session: Session, clock: FixedClock) -> None:
    letter = _list(session, clock, "letter", "seller_news")
    person = _confirmed(session, clock, letter, "a@example.com")
    said = {"granted": False, "basis": "", "source": "call", "wording": "", "at": None, "actor": "a"}
    record_by_hand(session, person, **said, purpose="seller_news", now=clock.now())  # type: ignore[arg-type]
    (topic,) = preferences.standing(session, person, locale="en", now=clock.now()).topics
    assert not topic.on
    preferences.join(session, person, "letter", wording="w", evidence={}, now=clock.now())
    assert may_write(session, person, "seller_news", "email")


def test_only_purposes_that_there_are(session: Session, clock: FixedClock) -> None:
    with pytest.raises(InvalidError) as wrong:
        _list(session, clock, "x_y", "spam")
    assert wrong.value.field == "purpose"
    person = ensure_person(session, Known(email="a@example.com"), clock.now())
    said = {"granted": True, "basis": "consent", "source": "s", "wording": "w", "at": None, "actor": "a"}
    with pytest.raises(InvalidError):
        record_by_hand(session, person, **said, purpose="spam", now=clock.now())  # type: ignore[arg-type]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_new_form_says_what_its_list_is_for(session: Session, clock: FixedClock, purpose: str) -> None:
    texts = starting_texts("Bazaar", _list(session, clock, "letter", purpose))
    assert PURPOSES[purpose].lower() in texts["en"]["wording"].lower()
