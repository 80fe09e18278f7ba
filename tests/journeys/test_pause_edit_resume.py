"""A campaign paused while it is sent, changed for the rest, and resumed: both versions arrive, each person has one."""

import os
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select

from growth.campaigns.records import Campaign, Delivery, DeliveryBatch
from growth.clock import SystemClock
from growth.database.engine import transaction
from tests.campaigns.sending import add_people
from tests.journeys.installation import growth, until
from tests.journeys.test_welcome import count, service

__all__ = ["service"]
PEOPLE = 1_000
NEW = "Another subject for the rest"


@pytest.mark.journey
@pytest.mark.usefixtures("service")
def test_both_versions_arrive_and_nobody_has_two(engine: Engine) -> None:
    with transaction(engine) as session:
        add_people(session, PEOPLE, SystemClock().now())
    provider = os.environ["GROWTH_SENDGRID_URL"]
    growth("campaigns", "new", "Winter", "--message", "welcome_buyer")
    growth("campaigns", "speed", "Winter", "12000")  # two hundred a minute
    growth("campaigns", "send", "Winter")
    accepted = select(func.count()).where(Delivery.accepted_at.is_not(None))
    until(lambda: count(engine, accepted) >= 1)
    growth("campaigns", "pause", "Winter")
    until(lambda: not count(engine, select(func.count()).where(DeliveryBatch.state == "claimed")))
    assert 0 < count(engine, accepted) < PEOPLE
    growth("campaigns", "rest", "Winter", "--subject", f"en={NEW}")
    growth("campaigns", "speed", "Winter", "none")
    growth("campaigns", "resume", "Winter")
    until(lambda: count(engine, select(func.count()).where(Campaign.state == "sent")) == 1)
    mail = messages(provider)
    assert Counter(one["to"] for one in mail) == Counter(f"p{number}@example.com" for number in range(PEOPLE))
    subjects = Counter(one["subject"] == NEW for one in mail)
    assert subjects[True] > 0
    assert subjects[False] > 0


def messages(provider: str) -> list[dict[str, Any]]:
    """All that the pretend SendGrid accepted."""
    found: list[dict[str, Any]] = []
    while page := _after(provider, found[-1]["number"] if found else 0):
        found += page
    return found


def _after(provider: str, number: int) -> list[dict[str, Any]]:
    answer = httpx.get(f"{provider}/sandbox/messages", params={"after": number, "limit": 1_000})
    shown: list[dict[str, Any]] = answer.raise_for_status().json()["messages"]
    return shown
