"""Double opt-in through real processes: form, letter, confirmation, permission with evidence, the first campaign."""

import os
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select

from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.events.records import Event
from growth.people.permission import forms, lists
from growth.people.permission.records import Confirmation
from growth.people.records import ConsentFact
from growth.scheduling.firing import fire
from tests.campaigns.sending import add_campaign
from tests.journeys.installation import growth, installation, until
from tests.web.serving import found
from tests.web.signing_up import TEXTS

ANA = "ana@example.net"


@pytest.fixture
def service(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[str]:
    """A whole installation; gives the pages' address."""
    found(engine, SystemClock().now())
    with installation(database_url, tmp_path) as url:
        yield url


def mail() -> list[dict[str, Any]]:
    """What the pretend SendGrid accepted."""
    answer = httpx.get(f"{os.environ['GROWTH_SENDGRID_URL']}/sandbox/messages", params={"limit": 1000})
    return list(answer.json()["messages"])


def text_of(number: int) -> str:
    """The plain text of a message."""
    return httpx.get(f"{os.environ['GROWTH_SENDGRID_URL']}/sandbox/messages/{number}").text


@pytest.mark.journey
def test_from_the_form_to_the_first_campaign(service: str, engine: Engine) -> None:
    growth("sending", "set", "quiet_from=", "quiet_until=")  # it may be night in Ningbo
    growth("lists", "create", "product_news", "--name", "Product news")
    with transaction(engine) as session:
        wanted = lists.list_by_key(session, "product_news")
        design = forms.Design(name="Start page", list_id=wanted.id, texts=TEXTS)
        forms.create(session, "news", design, actor="test", now=SystemClock().now())

    with httpx.Client(base_url=service, headers={"Origin": service, "Accept": "text/html"}) as visitor:
        page = visitor.get("/f/news").text
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)
        assert stamp
        time.sleep(2.5)  # nobody reads a form faster
        assert visitor.post("/f/news", data={"email": ANA, "stamp": stamp[1]}).status_code == 303

        until(lambda: len(mail()) == 1, 30)
        link = re.search(r"/p/confirm\?t=[\w.-]+", text_of(mail()[0]["number"]))
        assert link
        assert visitor.get(link[0]).status_code == 200
        assert said(engine) == []
        assert visitor.post(link[0]).status_code == 303

    (fact,) = said(engine)
    assert (fact.granted, fact.basis, fact.source) == (True, "consent", "form news")
    assert fact.wording == TEXTS["en"]["wording"]
    assert fact.evidence["ip_prefix"] == "127.0.0.0/24"
    assert "product_news" in growth("lists", "list")
    assert ANA in growth("lists", "members", "product_news")
    assert "confirmed" in growth("forms", "confirmations", "news")

    with transaction(engine) as session:
        assert session.scalars(select(Confirmation.state)).one() == "confirmed"
        assert session.scalars(select(Event.kind).where(Event.kind == "subscribe")).all() == ["subscribe"]
        campaign = add_campaign(session, SystemClock().now() - timedelta(seconds=1))
        campaign.list_id = wanted.id
        fire(session, "send_campaigns", due_at=SystemClock().now(), fired_by="test")
    until(lambda: [one["to"] for one in mail()] == [ANA, ANA])


def said(engine: Engine) -> list[ConsentFact]:
    with transaction(engine) as session:
        return list(session.scalars(select(ConsentFact)))
