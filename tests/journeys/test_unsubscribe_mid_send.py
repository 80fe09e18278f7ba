"""While a campaign is sent: who unsubscribes or takes a rest gets nothing more, who changes something gets it so."""

import os
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select

from growth.campaigns.records import Campaign, Delivery, Exclusion
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.events.links import delivery_preferences, sign_preferences, sign_unsubscribe
from growth.people.records import Identity
from tests.campaigns.sending import add_people
from tests.journeys.installation import growth, until
from tests.journeys.test_welcome import count, service

__all__ = ["service"]
PEOPLE = 60
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.journey
def test_each_wish_holds_for_what_was_not_handed_over_yet(service: str, engine: Engine) -> None:
    with transaction(engine) as session:
        add_people(session, PEOPLE // 2, SystemClock().now(), prefix="en")
        add_people(session, PEOPLE // 2, SystemClock().now(), prefix="ru", locale="ru", country="RU")
    growth("campaigns", "new", "Winter", "--message", "welcome_buyer")
    growth("campaigns", "speed", "Winter", "180")  # three a minute
    growth("campaigns", "send", "Winter")
    until(lambda: count(engine, select(func.count()).where(Delivery.accepted_at.is_not(None))))
    ends, rests, speaks, leaves, moves = waiting(engine)

    one_click = {"List-Unsubscribe": "One-Click"}
    assert httpx.post(service + sign_unsubscribe(ends.id), data=one_click).status_code == 200
    say(service, delivery_preferences(rests.id), "/pause")
    say(service, delivery_preferences(speaks.id), "", language="zh_CN", language_shown="en")
    say(service, sign_preferences(leaves.person_id), "/unsubscribe")
    say(service, delivery_preferences(moves.id), "/address", email="moved@example.net")
    until(lambda: to("moved@example.net"))
    link = re.search(r"https?://\S+(/p/confirm\?t=\S+)", in_full(to("moved@example.net")[0])["text"])
    assert link is not None
    assert httpx.post(service + link[1], headers=SAME_SITE).status_code == 303

    growth("campaigns", "speed", "Winter", "none")
    until(lambda: count(engine, select(func.count()).where(Campaign.state == "sent")), 240)
    for silent in (ends, rests, leaves):
        assert to(address(silent)) == []
    with transaction(engine) as session:
        reasons = dict(session.execute(select(Exclusion.person_id, Exclusion.reason)).all())
    assert reasons == {ends.person_id: "suppressed", rests.person_id: "paused", leaves.person_id: "suppressed"}
    (chinese,) = to(address(speaks))
    assert 'lang="zh-CN"' in in_full(chinese)["html"]
    assert [one["subject"] for one in to(address(moves))] == ["Your address was changed"]
    assert len(to("moved@example.net")) == 2
    assert count(engine, select(func.count()).where(Delivery.accepted_at.is_not(None))) == PEOPLE - 3


_ADDRESSES: dict[int, str] = {}


def waiting(engine: Engine) -> list[Delivery]:
    """Five messages in English that wait, from the middle of those planned."""
    with transaction(engine) as session:
        planned = select(Delivery).where(Delivery.state == "planned", Delivery.locale == "en").order_by(Delivery.id)
        found = session.scalars(planned).all()[-8:-3]
        first = session.scalar(select(func.min(Identity.person_id)))
        _ADDRESSES.update({one.person_id: f"en{one.person_id - (first or 0)}@example.com" for one in found})
        return list(found)


def address(delivery: Delivery) -> str:
    return _ADDRESSES[delivery.person_id]


def provider() -> str:
    return os.environ["GROWTH_SENDGRID_URL"]


def to(email: str) -> list[dict[str, Any]]:
    """What the pretend SendGrid accepted for an address."""
    messages: list[dict[str, Any]] = httpx.get(f"{provider()}/sandbox/messages", params={"to": email}).json()[
        "messages"
    ]
    return messages


def in_full(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{provider()}/sandbox/messages/{message['number']}").json()
    return found


def say(service: str, page: str, step: str, **fields: str) -> None:
    answer = httpx.post(service + page.replace("?t=", f"{step}?t="), data=fields, headers=SAME_SITE)
    assert answer.status_code == 303, answer.text
