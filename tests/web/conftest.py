"""Fixtures: a running site, and clients and browsers signed in as each role."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.people.accounts import Role
from growth.web.access import session_cookie
from growth.web.app import create_app
from tests.web.browser import CHROMIUM, chromium, reading
from tests.web.serving import Site, found, serving

ClientAs = Callable[[Role | str | None], httpx.Client]


class PageAs(Protocol):
    """Opens a browser page as a role."""

    def __call__(
        self, role: Role | str | None, *, width: int = 1440, theme: str = "light", javascript: bool = True
    ) -> Page: ...


@pytest.fixture
def site(engine: Engine, clock: FixedClock) -> Iterator[Site]:
    """A set-up product on this test's own database, at the time of `clock`."""
    found(engine, clock.now())
    app = create_app(engine=engine, clock=clock)
    with serving(app) as url:
        yield Site(url, engine, clock, app)


@pytest.fixture
def client_as(site: Site) -> Iterator[ClientAs]:
    """`client_as("marketer")`: an httpx client signed in as that role; `None` is signed out. Redirects are shown."""
    opened: list[httpx.Client] = []

    def make(role: Role | str | None) -> httpx.Client:
        cookies = {session_cookie(): site.token(role)} if role else {}
        client = httpx.Client(base_url=site.url, cookies=cookies, timeout=30, headers={"Accept": "text/html"})
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests; Playwright's loop would be in the way of other files' own."""
    executable = next((path for path in CHROMIUM if Path(path).exists()), None)
    assert executable, "These tests need Chromium: on Debian type `apt-get install chromium`."
    with chromium(executable) as started:
        yield started


@pytest.fixture
def page_as(site: Site, browser: Browser) -> Iterator[PageAs]:
    """`page_as("rep", width=390)`: a browser page signed in as that role; console errors fail the test."""
    with ExitStack() as open_pages:

        def make(role: Role | str | None, *, width: int = 1440, theme: str = "light", javascript: bool = True) -> Page:
            cookies = {session_cookie(): site.token(role)} if role else {}
            reader = reading(browser, site.url, cookies, width=width, theme=theme, javascript=javascript)
            return open_pages.enter_context(reader)

        yield make
