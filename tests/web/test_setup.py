"""The first visit: one winner, nobody from elsewhere, and gone afterwards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, func, select

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.people.accounts import Account
from growth.web.app import create_app
from growth.web.first_visit import setup_token
from tests.web.browser import axe, no_sideways_scroll, reading
from tests.web.serving import PASSWORD, Site, serving

FORM = {
    "organisation": "Market of makers",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
    "sender_name": "Lin Mei",
    "sender_email": "hello@example.com",
    "name": "Lin Mei",
    "email": "Lin.Mei@example.com",
    "password": PASSWORD,
}


@pytest.fixture
def empty(engine: Engine, clock: FixedClock) -> Iterator[Site]:
    """A product that nobody has set up."""
    app = create_app(engine=engine, clock=clock)
    with serving(app) as url:
        yield Site(url, engine, clock, app)


def test_everything_leads_to_set_up_until_it_is_done(empty: Site) -> None:
    for path in ("/", "/login", "/team", "/profile"):
        assert httpx.get(f"{empty.url}{path}").headers["location"] == "/setup"
    with httpx.Client(base_url=empty.url) as client:
        done = client.post("/setup", data=FORM)
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert client.get("/team").status_code == 200
    assert httpx.get(f"{empty.url}/setup").headers["location"] == "/"
    assert httpx.post(f"{empty.url}/setup", data=FORM | {"email": "thief@example.com"}).status_code == 409
    assert httpx.post(f"{empty.url}/setup/sample").status_code == 409


def test_of_many_at_the_same_moment_one_wins(empty: Site) -> None:
    def ask(number: int) -> int:
        form = FORM | {"email": f"admin{number}@example.com"}
        return httpx.post(f"{empty.url}/setup", data=form, timeout=60).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(ask, range(6)))
    assert answers == [303] + [409] * 5
    with transaction(empty.engine) as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1
        assert session.scalar(select(func.count()).select_from(Workspace)) == 1


@pytest.mark.parametrize(
    "headers", [{"Host": "growth.example.com"}, {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}]
)
def test_a_visitor_from_elsewhere_needs_the_token(empty: Site, headers: dict[str, str]) -> None:
    assert httpx.get(f"{empty.url}/setup", headers=headers).status_code == 403
    assert httpx.post(f"{empty.url}/setup", headers=headers, data=FORM).status_code == 403
    assert httpx.get(f"{empty.url}/setup?token=x", headers=headers).status_code == 403
    assert httpx.get(f"{empty.url}/setup?token={setup_token()}", headers=headers).status_code == 200
    form = FORM | {"token": setup_token()}
    assert httpx.post(f"{empty.url}/setup", headers=headers, data=form).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "lin.mei@", "The part after @ is missing."),
        ("password", "short", "Use at least 12 characters."),
        ("time_zone", "Mars/Olympus", "Choose a time zone of the list."),
        ("currency", "XXX", "Choose a currency of the list."),
        ("organisation", " ", "Say what your organisation is called."),
        ("sender_email", "not an address@example.com", "This is not an e-mail address."),
        ("sender_name", "Lin\r\nBcc: x", "Say who messages come from."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(empty: Site, field: str, value: str, words: str) -> None:
    answer = httpx.post(f"{empty.url}/setup", data=FORM | {field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'aria-describedby="{field}-error"' in answer.text
    assert PASSWORD not in answer.text


def test_sample_data_is_offered_where_there_is_some(empty: Site) -> None:
    assert httpx.post(f"{empty.url}/setup/sample").status_code == 404
    asked: list[str] = []
    empty.app.state.sample_data = lambda: asked.append("sample")
    assert "Look around with sample data" in httpx.get(f"{empty.url}/setup").text
    assert httpx.post(f"{empty.url}/setup/sample").status_code == 303
    assert asked == ["sample"]


@pytest.mark.browser
def test_the_page_by_keyboard_on_both_widths(empty: Site, browser: Browser) -> None:
    with reading(browser, empty.url, {}, width=390, theme="dark", javascript=True) as page:
        page.goto("/setup")
        axe(page)
        no_sideways_scroll(page)
        page.set_viewport_size({"width": 1440, "height": 900})
        axe(page)
        page.get_by_label("Name", exact=True).or_(page.get_by_label("Organisation")).first.focus()
        page.keyboard.type("Market of makers")
        page.keyboard.press("Enter")
        page.locator("[aria-invalid=true]").first.wait_for()
        assert page.evaluate("document.activeElement.id") == "sender_name"
        axe(page)
