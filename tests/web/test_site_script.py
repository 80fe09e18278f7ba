"""The script of our sites, in a real browser, on shops of two origins under a strict content policy."""

import gzip
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select, text

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.links import sign_person
from growth.events.records import Event, VisitorIdentity
from growth.events.rules import Rules, save_collector_rules
from growth.events.sent import order_proof
from growth.events.visitors import sign_visitor
from growth.people.identity import Known, ensure_person
from growth.web.public.site_script import snippet, version
from growth.web.static_files import files
from tests.web.serving import Site
from tests.web.shops import shop

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def visit(
    browser: Browser, *, headers: dict[str, str] | None = None, agent: str = FIREFOX
) -> tuple[Page, list[str], Callable[[], None]]:
    """A new visitor's page, what its console complained of, and how to end it."""
    context = browser.new_context(user_agent=agent, extra_http_headers=headers or {})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return page, wrong, context.close


@pytest.fixture
def shops(site: Site) -> Iterator[tuple[str, str]]:
    """Two shops of ours, of different origins; the browsers of these tests are driven, and count all the same."""
    script = f"{site.url}/g/{version()}.js"
    with transaction(site.engine) as session:
        save_collector_rules(session, Rules(automation_is_bot=False), actor="test", now=site.clock.now())
    ours = 'data-sites="127.0.0.1 localhost"'
    with shop("127.0.0.1", site.url, script, attributes=ours) as one, shop("localhost", site.url, script,
                                                                         attributes=ours) as two:  # fmt: skip
        yield one, two


def told(site: Site, count: int, kind: str | None = None) -> list[Event]:
    """The events stored, the earliest first, once there are so many."""
    wanted = select(Event).order_by(Event.occurred_at, Event.event_id)
    for _ in range(100):
        with transaction(site.engine) as session:
            found = list(session.scalars(wanted.where(Event.kind == kind) if kind else wanted))
        if len(found) >= count:
            break
        time.sleep(0.1)
    assert len(found) == count, [(one.kind, one.properties) for one in found]
    return found


def until(page: Page, condition: str) -> None:
    """Wait; Playwright's own way needs `eval`, which the shops' policy forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def run(page: Page, script: str) -> Any:
    until(page, "!!(window.growth && growth.view)")
    return page.evaluate(script)


def kept(page: Page) -> str | None:
    found = page.evaluate("localStorage.getItem('growth_visitor')")
    assert page.context.cookies() == []
    return None if found is None else str(found)


def test_it_is_small_and_kept_long_and_the_snippet_names_it(site: Site) -> None:
    assert len(gzip.compress(files()["site.js"].plain)) <= 3 * 1024
    answer = httpx.get(f"{site.url}/g/{version()}.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(answer.content) == len(files()["site.js"].plain)
    older = httpx.get(f"{site.url}/g/0123456789ab.js")
    assert (older.status_code, older.headers["cache-control"]) == (200, "public, max-age=3600")
    written = snippet(Rules(sites=("a.example", "b.example"), respects_dnt=False))
    assert f"/g/{version()}.js" in written
    assert 'data-sites="a.example b.example" data-signals="gpc"' in written


def test_without_consent_views_are_counted_and_nothing_is_kept(
    site: Site, browser: Browser, shops: tuple[str, str]
) -> None:
    page, wrong, end = visit(browser)
    page.goto(f"{shops[0]}/bags?utm_medium=cpc#top")
    first = told(site, 1)[0]
    assert first.properties["url"] == f"{shops[0]}/bags?utm_medium=cpc"
    assert (first.kind, first.properties["title"], first.bot) == ("page_view", "Сумки 包", None)
    run(page, "history.pushState({}, '', '/bags/2')")
    told(site, 2)
    run(page, "growth.push(['track', 'wish', {item: 7}], ['nothing'], ['identify', 'x.y'])")
    told(site, 3)
    page.goto(f"{shops[1]}/other")
    found = told(site, 4)
    assert sorted(one.kind for one in found) == ["custom", "page_view", "page_view", "page_view"]
    assert len({one.visitor for one in found}) == 1
    second = next(one for one in found if one.properties.get("url", "").endswith("/bags/2"))
    assert second.properties["referrer"] == f"{shops[0]}/bags?utm_medium=cpc"
    assert kept(page) is None
    end()
    assert not wrong
    other, _, end = visit(browser, agent=FIREFOX.replace("140", "141"))
    other.goto(shops[0])
    assert len({one.visitor for one in told(site, 5)}) == 2
    end()


def test_with_consent_a_visitor_is_the_same_on_both_sites_by_a_signed_link(
    site: Site, browser: Browser, shops: tuple[str, str]
) -> None:
    page, wrong, end = visit(browser)
    page.goto(f"{shops[0]}/bags")
    told(site, 1)
    with page.expect_response(lambda answer: '"sign":true' in (answer.request.post_data or "")) as answered:
        assert run(page, "growth.consent(true)") is True
    assert answered.value.json()["link"]
    mine = kept(page)
    page.evaluate("to => document.getElementById('away').href = to", f"{shops[1]}/cart?a=1")
    page.click("#away")
    page.wait_for_url(f"{shops[1]}/cart?a=1")
    assert run(page, "growth.consent(true)") is True
    run(page, "growth.track('there')")
    assert str(told(site, 1, "custom")[0].visitor) == mine
    until(page, f"localStorage.getItem('growth_visitor') === '{mine}'")
    assert all("growth_link" not in one.properties.get("url", "") for one in told(site, 3))
    end()
    assert not wrong


def test_a_forged_or_an_old_link_is_ignored(
    site: Site, browser: Browser, shops: tuple[str, str], clock: FixedClock
) -> None:
    somebody = uuid4()
    fresh = sign_visitor(somebody, clock.now())
    old = sign_visitor(somebody, clock.now() - timedelta(minutes=6))
    forged = fresh[:-1] + ("A" if fresh[-1] != "A" else "B")
    for number, link in enumerate((old, forged, "ü.x", fresh), 1):
        page, wrong, end = visit(browser)
        page.goto(f"{shops[1]}/?growth_link={link}")
        run(page, "growth.consent(true); growth.track('here')")
        assert "growth_link" not in page.url
        visitors = {one.visitor for one in told(site, number, "custom")}
        assert (somebody in visitors) == (link == fresh)
        end()
        assert not wrong


def test_who_asks_not_to_be_followed_isn_t(site: Site, browser: Browser, shops: tuple[str, str]) -> None:
    page, wrong, end = visit(browser, headers={"Sec-GPC": "1"})
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(shops[0])
    assert run(page, "growth.consent(true)") is False
    assert kept(page) is None
    seen = told(site, 1)[0].visitor
    stubborn = {"events": [{"id": "1", "kind": "custom", "visitor": str(uuid4()), "properties": {"name": "x"}}]}
    answer = httpx.post(
        f"{site.url}/e", json=stubborn | {"sign": True}, headers={"Sec-GPC": "1", "User-Agent": FIREFOX}
    )
    assert "link" not in answer.json()
    assert told(site, 1, "custom")[0].visitor == seen
    end()
    assert not wrong


def identifying(site: Site, secrets: set[str]) -> list[str]:
    """Everything stored about what happened, as text, that holds one of these."""
    tables = ("event", "event_seen", "visitor_identity", "hook_refusal")
    found = []
    with transaction(site.engine) as session:
        for table in tables:
            rows = session.scalars(text(f"select cast({table} as text) from {table}"))
            found += [row for row in rows if any(secret in row for secret in secrets)]
    return found


@pytest.mark.parametrize("signal", ["doNotTrack", "globalPrivacyControl", "denied"])
def test_nothing_identifying_is_stored_of_who_refuses(
    site: Site, browser: Browser, shops: tuple[str, str], clock: FixedClock, signal: str
) -> None:
    with transaction(site.engine) as session:
        token = sign_person(ensure_person(session, Known(email="a@example.com"), clock.now()), clock.now())
    headers = {"doNotTrack": {"DNT": "1"}, "globalPrivacyControl": {"Sec-GPC": "1"}, "denied": {}}[signal]
    page, wrong, end = visit(browser, headers=headers)
    if signal != "denied":
        value = "'1'" if signal == "doNotTrack" else "true"
        page.add_init_script(f"Object.defineProperty(navigator, '{signal}', {{value: {value}}})")
    page.goto(f"{shops[0]}/?growth_token={token}")
    told(site, 1)
    secrets = {token, FIREFOX, "127.0.0.1/32", "a@example.com"}
    if signal == "denied":
        assert run(page, "growth.consent(true)") is True
        secrets.add(str(kept(page)))
        told(site, 1, "identify")
        with transaction(site.engine) as session:
            session.execute(text("truncate event, visitor_identity"))
        assert run(page, "growth.consent(false)") is False
        before = 0
    else:
        assert run(page, "growth.consent(true)") is False
        before = 1
    assert kept(page) is None
    run(page, f"growth.identify('{token}'); growth.track('wish')")
    assert all(one.person_id is None for one in told(site, before + 1))
    page.goto(f"{shops[0]}/next")
    told(site, before + 2)
    assert kept(page) is None
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    assert identifying(site, secrets) == []
    end()
    assert not wrong


def test_the_time_zone_makes_a_guess_and_is_not_kept(site: Site, browser: Browser, shops: tuple[str, str]) -> None:
    context = browser.new_context(user_agent=FIREFOX, timezone_id="America/Sao_Paulo")
    context.new_page().goto(shops[0])
    event = told(site, 1)[0]
    assert (event.country, event.properties["country_guess"]) == (None, "BR")
    assert identifying(site, {"Sao_Paulo"}) == []
    context.close()


def test_who_it_is_and_what_was_bought(site: Site, browser: Browser, shops: tuple[str, str], clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        someone = ensure_person(session, Known(email="a@example.com"), clock.now())
    page, wrong, end = visit(browser)
    page.goto(f"{shops[0]}/?growth_token={sign_person(someone, clock.now())}&b=2")
    anonymous = told(site, 1)[0]
    assert (anonymous.person_id, anonymous.properties["url"]) == (None, f"{shops[0]}/?b=2")
    run(page, "growth.consent(true)")
    known = told(site, 1, "identify")[0]
    assert known.person_id == someone
    proof = order_proof("A-1", 3990, "USD")
    sold = "{order: 'A-1', amount_minor: 3990, currency: 'USD'}"
    run(page, f"growth.order({sold}, '{'0' * 64}')")
    page.wait_for_timeout(400)
    for _ in range(2):
        run(page, f"growth.order({sold}, '{proof}')")
    page.goto(f"{shops[0]}/thanks")
    bought = told(site, 1, "order")[0]
    assert (bought.person_id, bought.properties["amount_minor"]) == (someone, 3990)
    with transaction(site.engine) as session:
        assert session.scalars(select(VisitorIdentity.person_id)).all() == [someone]
    end()
    assert all("422" in line for line in wrong)  # the order without its proof


def test_what_could_not_be_sent_goes_later_and_once(site: Site, browser: Browser, shops: tuple[str, str]) -> None:
    page, _, end = visit(browser)
    failing = {"left": 2}

    def sometimes(route: Any) -> None:
        failing["left"] -= 1
        if failing["left"] == 1:
            route.abort()
        elif failing["left"] == 0:
            # Stored, but the answer is lost on its way.
            httpx.post(f"{site.url}/e", content=route.request.post_data_buffer, headers={"User-Agent": FIREFOX})
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/e", sometimes)
    with page.expect_response(lambda answer: answer.url.endswith("/e") and answer.ok, timeout=20_000) as answered:
        page.goto(shops[0])
    assert answered.value.json() == {"accepted": 0, "repeated": 1, "refused": [], "unknown_tokens": 0}
    told(site, 1)
    end()


def test_a_driven_browser_is_counted_as_a_bot(site: Site, browser: Browser, shops: tuple[str, str]) -> None:
    with transaction(site.engine) as session:
        save_collector_rules(session, Rules(), actor="test", now=site.clock.now())
    page, _, end = visit(browser)
    page.goto(shops[0])
    assert told(site, 1)[0].bot == "automation"
    end()
