"""The link that carries a visitor from one of our sites to another: tampered with, late, or on a stranger's site."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.links import sign_person
from growth.events.records import Event
from growth.events.rules import Rules, save_collector_rules
from growth.events.visitors import LINK_LIFE, sign_visitor
from tests.web.serving import Site
from tests.web.test_collector import send, view

CARRIED = UUID("6f1d2f0e-3d1c-4a57-9d6f-0a8b7c6d5e4f")


@pytest.fixture(autouse=True)
def ours(site: Site) -> None:
    with transaction(site.engine) as session:
        save_collector_rules(session, Rules(sites=("shop.example", "other.example")), actor="t", now=site.clock.now())


def arrive(site: Site, link: object, origin: str = "https://other.example") -> tuple[int, UUID | None, str | None]:
    """Status, whom the event belongs to, and the link that the answer carries."""
    one = view(visitor=None)
    body = {"events": [one], "visitor": str(uuid4()), "link": link, "sign": True}
    answer = send(site, body, origin=origin)
    with transaction(site.engine) as session:
        event = session.scalar(select(Event).where(Event.event_id == UUID(one["id"])))
    return answer.status_code, event.visitor if event else None, answer.json().get("link")


def test_it_carries_its_visitor_to_another_of_our_sites(site: Site, clock: FixedClock) -> None:
    link = sign_visitor(CARRIED, clock.now())
    for origin in ("https://other.example", "https://www.shop.example"):
        status, visitor, following = arrive(site, link, origin)
        assert (status, visitor) == (200, CARRIED)
        assert following is not None
        assert arrive(site, following)[1] == CARRIED


def test_on_a_stranger_s_site_nothing_is_stored_and_no_link_is_given(site: Site, clock: FixedClock) -> None:
    link = sign_visitor(CARRIED, clock.now())
    for origin in ("https://evil.example", "https://shop.example.evil.example", "null", "https://evilshop.example"):
        assert arrive(site, link, origin) == (403, None, None)


def test_any_change_makes_it_nobody_s(site: Site, clock: FixedClock) -> None:
    link = sign_visitor(CARRIED, clock.now())
    body, _, signature = link.rpartition(".")
    other = sign_visitor(uuid4(), clock.now())
    changed = [
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        f"{body[:-1]}9.{signature}",
        f"{other.rpartition('.')[0]}.{signature}",
        sign_person(1, clock.now()),
        body,
        signature,
        link + link,
        link.encode().hex(),
        {"link": link},
        [link],
    ]
    for one in changed:
        status, visitor, _ = arrive(site, one)
        assert status == 200
        assert visitor is not None
        assert visitor != CARRIED


def test_after_five_minutes_it_is_nobody_s(site: Site, clock: FixedClock) -> None:
    link = sign_visitor(CARRIED, clock.now())
    clock.moment += LINK_LIFE
    assert arrive(site, link)[1] == CARRIED
    clock.moment += timedelta(seconds=1)
    assert arrive(site, link)[1] != CARRIED
    assert arrive(site, sign_visitor(CARRIED, clock.now() + timedelta(hours=1)))[1] != CARRIED
