"""What the collector makes of batches: bots told apart, wrong clocks put right, visitors without a cookie."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.errors import InvalidError, RefusedError
from growth.events.bots import is_machine, reason_of
from growth.events.collecting import Batch, Browser, Collected, collect
from growth.events.ingest import SEEN_KEPT, first_seen, forget_seen
from growth.events.records import Event, EventSeen, VisitorIdentity, VisitorSalt
from growth.events.rules import Rules, agents_of, collector_rules, networks_of, save_collector_rules, sites_of
from growth.events.visitors import LINK_LIFE, forget_salts, read_visitor, sign_visitor, visitor_of_day
from growth.people.identity import EMAIL, find_person
from tests.conftest import NOON

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PHONE = "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142 Mobile"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def browser(**more: Any) -> Browser:
    return Browser(**({"agent": CHROME, "network": "192.0.2.7", "address": "192.0.2.7"} | more))


def view(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "kind": "page_view", "at": NOON.isoformat(), "properties": {"url": "https://a/"}} | more


def told(session: Session, given: Batch | Sequence[object], **more: Any) -> Collected:
    return collect(session, given, more.pop("now", NOON), trusted="browser" not in more, **more)


def stored(session: Session) -> list[Event]:
    return list(session.scalars(select(Event).order_by(Event.occurred_at, Event.event_id)))


@pytest.mark.parametrize(
    "agent", [CHROME, PHONE, CHROME.replace("Chrome", "YaBrowser"), "Opera/9.80 (J2ME/MIDP; Opera Mini)"]
)
def test_people_s_browsers_are_people(agent: str) -> None:
    assert reason_of(agent, "192.0.2.7") is None


@pytest.mark.parametrize(
    "agent",
    [GOOGLEBOT, "", " ", "curl/8.5", "python-requests/2", "Mozilla/5.0 HeadlessChrome/140", "YandexBot/3.0",
     "Mozilla/5.0 (compatible; bingbot/2.0)", "Baiduspider-render/2.0", "Go-http-client/2.0", "GPTBot/1.2"],
)  # fmt: skip
def test_machines_are_machines(agent: str) -> None:
    assert is_machine(agent)


def test_bots_are_counted_but_are_nobody_s_and_move_no_figure(session: Session) -> None:
    rules = Rules(bot_agents=("acme-watch",), bot_networks=("198.51.100.0/24", "2001:db8::/32"))
    sent: list[tuple[Browser, Batch, str | None]] = [
        (browser(), Batch([view()]), None),
        (browser(agent=GOOGLEBOT), Batch([view()]), "agent"),
        (browser(agent=f"{CHROME} Acme-Watch/1"), Batch([view()]), "agent"),
        (browser(address="198.51.100.9"), Batch([view()]), "network"),
        (browser(address="::ffff:198.51.100.9"), Batch([view()]), "network"),
        (browser(address="2001:db8::1"), Batch([view()]), "network"),
        (browser(), Batch([view()], automated=True), "automation"),
        (browser(too_fast=True), Batch([view()]), "too_fast"),
    ]
    for one, batch, expected in sent:
        assert told(session, batch, browser=one, rules=rules).accepted == 1
        event = session.get_one(Event, (NOON, UUID(batch.events[0]["id"])))  # type: ignore[index]
        assert event.bot == expected
    server = [view(agent=GOOGLEBOT, email="a@example.com"), view(agent=CHROME, ip="198.51.100.1"), view(agent=CHROME)]
    told(session, server, rules=rules)
    marked = {str(one.event_id): one.bot for one in stored(session)}
    assert [marked[one["id"]] for one in server] == ["agent", "network", None]
    assert all(one.person_id is None for one in stored(session) if one.bot)
    assert session.scalars(select(VisitorIdentity)).all() == []


def test_an_order_is_an_order_whoever_made_it(session: Session) -> None:
    sold = {"order": "1", "amount_minor": 100, "currency": "USD"}
    told(session, [view(kind="order", agent=GOOGLEBOT, properties=sold)])
    assert stored(session)[0].bot is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.integers(-72, 72), ago=st.integers(0, 3_600), late=st.integers(0, 40))
def test_a_wrong_clock_is_put_right_and_a_second_try_is_the_same(
    session: Session, hours: int, ago: int, late: int
) -> None:
    wrong = timedelta(hours=hours)
    event = view(at=(NOON + wrong - timedelta(seconds=ago)).isoformat())
    first = Batch([event], sent=(NOON + wrong).isoformat())
    assert told(session, first, browser=browser()).accepted == 1
    again = NOON + timedelta(seconds=late)
    second = Batch([event], sent=(again + wrong - timedelta(seconds=late % 7)).isoformat())
    assert told(session, second, browser=browser(), now=again).repeated == 1
    (found,) = [one for one in stored(session) if one.event_id == UUID(event["id"])]
    assert found.occurred_at == NOON - timedelta(seconds=ago)


@pytest.mark.parametrize(
    "sent", ["soon", 7, {}, "0001-01-01T00:00:00+00:00", "2026-11-24T12:00:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_clock_that_says_nothing_sensible_is_no_trouble(session: Session, sent: object) -> None:
    done = told(session, Batch([view()], sent=sent), browser=browser())
    assert done.accepted + len(done.refused) == 1


def test_a_visitor_is_the_same_for_a_day_and_the_secret_is_forgotten(session: Session) -> None:
    mine = visitor_of_day(session, "n", "a", NOON)
    assert mine == visitor_of_day(session, "n", "a", NOON + timedelta(hours=11))
    others = {
        visitor_of_day(session, "n", "b", NOON),
        visitor_of_day(session, "m", "a", NOON),
        visitor_of_day(session, "n", "a", NOON + timedelta(days=1)),
    }
    assert len(others | {mine}) == 4
    assert salted(session) == ["2026-11-24", "2026-11-25"]
    visitor_of_day(session, "n", "a", NOON + timedelta(days=2))
    assert salted(session) == ["2026-11-25", "2026-11-26"]
    for day in range(3):  # whoever moves the clock back takes nobody's day away
        assert forget_salts(session, NOON + timedelta(days=day), None, 1).next is None
        assert salted(session) == [["2026-11-25", "2026-11-26"], ["2026-11-25", "2026-11-26"], ["2026-11-26"]][day]
    forget_salts(session, NOON + timedelta(days=3), None, 1)
    assert salted(session) == []


def salted(session: Session) -> list[str]:
    return [one.isoformat() for one in session.scalars(select(VisitorSalt.day).order_by(VisitorSalt.day))]


def test_a_link_carries_its_visitor_for_five_minutes(session: Session) -> None:
    visitor = uuid4()
    link = sign_visitor(visitor, NOON)
    assert read_visitor(link, NOON + LINK_LIFE) == visitor
    for when in (NOON + LINK_LIFE + timedelta(seconds=1), NOON - timedelta(minutes=2)):
        with pytest.raises(RefusedError):
            read_visitor(link, when)
    done = told(session, Batch([view(visitor=str(uuid4()))], link=link), browser=browser())
    assert done.visitor == visitor == stored(session)[0].visitor
    for forged in (f"x{link}", link[:-2], 7, "é", ""):
        assert told(session, Batch([view()], link=forged), browser=browser()).visitor is None


def test_who_refuses_has_neither_id_nor_name(session: Session) -> None:
    batch = Batch([view(visitor=str(uuid4()))], visitor=str(uuid4()), link=sign_visitor(uuid4(), NOON))
    assert told(session, batch, browser=browser(refuses=True)).visitor is None
    assert stored(session)[0].visitor == visitor_of_day(session, "192.0.2.7", CHROME, NOON)


def test_a_server_names_people_by_their_address(session: Session) -> None:
    visitor = str(uuid4())
    batch = [view(kind="identify", visitor=visitor, email="New@Example.com"), view(email="no address")]
    assert told(session, batch).accepted == 2
    person = find_person(session, EMAIL, "new@example.com")
    assert person is not None
    assert session.get_one(VisitorIdentity, UUID(visitor)).person_id == person
    refused = told(session, [view(kind="identify", email="x@example.com")], browser=browser()).refused
    assert [problem.field for _, problem in refused] == ["token"]


def test_rules_are_kept_and_what_is_nonsense_is_refused(session: Session) -> None:
    wanted = Rules(sites=sites_of("https://Shop.example/a\n\nb.example:8080\nshop.example"), respects_dnt=False)
    assert wanted.sites == ("shop.example", "b.example:8080")
    assert save_collector_rules(session, wanted, actor="a", now=NOON)
    assert not save_collector_rules(session, wanted, actor="a", now=NOON)
    assert collector_rules(session) == wanted
    assert wanted.takes("www.shop.example")
    assert wanted.takes("shop.example:81")
    assert not wanted.takes("evilshop.example")
    assert not wanted.takes(None)
    assert not wanted.takes("b.example:81")
    for read, text in ((sites_of, "a b"), (sites_of, "https://"), (agents_of, "a"), (agents_of, "Mozilla"),
                       (networks_of, "300.1.1.1/8"), (sites_of, "x\n" * 501 + "y" * 300)):  # fmt: skip
        with pytest.raises(InvalidError):
            read(text)


def test_moments_given_are_forgotten_after_their_time(session: Session) -> None:
    ids = [uuid4(), uuid4()]
    first_seen(session, ids, NOON)
    session.get_one(EventSeen, ids[0]).seen_at = NOON - SEEN_KEPT - timedelta(seconds=1)
    session.get_one(EventSeen, ids[1]).seen_at = NOON
    session.flush()
    assert forget_seen(session, NOON, None, 10).done == 1
    assert session.scalars(select(EventSeen.event_id)).all() == [ids[1]]
