"""`make shots`: a picture of every page of the demo, narrow and dark, and wide and light, into docs/screenshots.

`python -m tests.web.shots` starts the demo in a folder of its own; with `--home FOLDER --url URL` it looks at one
that runs already. `--settle SECONDS` is how long the demo's jobs get before the first picture; `--only NAME,NAME` takes
those pictures alone, such as `campaigns-campaign_id-message,p-preferences`.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from growth.campaigns.records import Campaign, Delivery
from growth.campaigns.states import State
from growth.clock import SystemClock
from growth.commands.connect import database
from growth.database.engine import transaction
from growth.events.links import delivery_preferences, sign_unsubscribe
from growth.people.accounts import AccountRole, Role
from growth.people.permission.confirming import sign
from growth.people.permission.records import Confirmation, SignUpForm
from growth.people.sign_in import open_session
from growth.web.access import RoleGuard, session_cookie
from growth.web.app import guards_of, routes
from tests.web.browser import CHROMIUM, chromium, reading

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SHOTS = [(390, "dark"), (1440, "light")]
"""Widths and themes; between them they show everything that differs."""


def main() -> None:
    """Take all pictures."""
    asked = argparse.ArgumentParser(description="Pictures of every page of the demo.")
    asked.add_argument("--home", type=Path)
    asked.add_argument("--url")
    asked.add_argument("--settle", type=float, default=90)
    asked.add_argument("--only", type=lambda text: frozenset(text.split(",")), default=frozenset())
    options = asked.parse_args()
    executable = next(path for path in CHROMIUM if Path(path).exists())
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo(options.home, options.url, options.settle) as url, chromium(executable) as browser:
        tokens = sessions()
        taken = {
            name for width, theme in SHOTS for name in round_of(browser, url, tokens, width, theme, only=options.only)
        }
    sys.stdout.write(f"{len(taken)} pages in {FOLDER}\n")


@contextmanager
def demo(home: Path | None, url: str | None, settle: float) -> Iterator[str]:
    """A running demo's address; its database is the one of GROWTH_HOME from here on."""
    if home is not None and url is not None:
        os.environ["GROWTH_HOME"] = str(home)
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GROWTH_HOME"] = folder
        port = free_port()
        started = subprocess.Popen(
            [Path(sys.executable).with_name("growth"), "run", "--home", folder, "--port", str(port)]
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address)
            time.sleep(settle)
            yield address
        finally:
            started.terminate()
            started.wait(20)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    """Return once the sign-in page answers; fail after three minutes."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/login").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise TimeoutError(url)


def sessions() -> dict[str, str]:
    """A signed-in browser's token for each role."""
    found = {}
    with database() as engine, transaction(engine) as session:
        for role in Role:
            account = session.scalars(select(AccountRole.account_id).where(AccountRole.role == role.value)).first()
            if account is not None:
                found[role.value] = open_session(session, account, SystemClock().now())
    return found


def pages() -> list[tuple[APIRoute, str]]:
    """Every route that may be a page, those with a plain address first, and the role that looks at it.

    A marketer where one may, since for them most leads on from a page.
    """
    found = []
    for route in routes():
        (guard,) = guards_of(route)
        if "GET" in (route.methods or set()) and isinstance(guard, RoleGuard):
            role = (
                Role.MARKETER if Role.MARKETER in guard.roles else min(guard.roles - {Role.ADMIN}, default=Role.ADMIN)
            )
            found.append((route, str(role)))
    return sorted(found, key=lambda one: (bool(one[0].param_convertors), one[0].path))


def of_recipients() -> list[tuple[str, str]]:
    """Name and address of the pages that people open from a message, as somebody in the demo would."""
    with database() as engine, transaction(engine) as session:
        form = session.scalars(select(SignUpForm.key).where(SignUpForm.archived_at.is_(None))).first()
        sent = session.scalars(select(Delivery.id).where(Delivery.accepted_at.is_not(None))).first()
        asked = session.scalars(select(Confirmation).order_by(Confirmation.state.desc())).first()  # one that waits
        found = [("f-key", f"/f/{form}")] if form else []
        if sent:
            found += [("p-preferences", delivery_preferences(sent)), ("p-unsubscribe", sign_unsubscribe(sent))]
        return found + ([("p-confirm", sign(asked))] if asked else [])


def a_draft() -> set[str]:
    """Where the steps of a campaign that isn't sent begin; newer ones that are would hide it."""
    with database() as engine, transaction(engine) as session:
        drafts = session.scalars(select(func.max(Campaign.id)).where(Campaign.state == State.DRAFT))
        return {f"/campaigns/{draft}/review" for draft in drafts if draft}


def round_of(
    browser: Browser, url: str, tokens: dict[str, str], width: int, theme: str, *, only: frozenset[str]
) -> Iterator[str]:
    """Every page once, at a width and in a theme; pages of single things are found by their links."""
    for name, path in of_recipients():
        if name in only or not only:
            with reading(browser, url, {"theme": theme}, width=width, theme=theme, javascript=True) as page:
                shot(page, path, FOLDER / f"{name}-{width}-{theme}.png", set())
            yield name
    links = a_draft()
    seen: set[str] = set()
    plain = {route.path for route, _ in pages()}  # “new” is nobody's number
    for route, role in [*pages(), *pages()]:  # the second time by links that the first time found
        found = [link for link in sorted(links - plain, reverse=True) if route.path_regex.match(link)]
        name = re.sub(r"[{}]", "", route.path).strip("/").replace("/", "-")
        for path in found[:3] if route.param_convertors else [route.path]:
            if not name or name in seen or role not in tokens:
                continue
            cookies = {session_cookie(): tokens[role], "theme": theme}
            with reading(browser, url, cookies, width=width, theme=theme, javascript=True) as page:
                file = FOLDER / f"{name}-{width}-{theme}.png" if name in only or not only else None
                taken = shot(page, path, file, links)
            if taken:
                seen.add(name)
                if file is not None:
                    yield name


def shot(page: Page, path: str, file: Path | None, links: set[str]) -> bool:
    """A picture of the whole page, if it is one and wanted; where it leads is added to `links`."""
    answer = page.request.get(path, max_redirects=0)
    if answer.status == 303:
        links.add(answer.headers["location"])
    if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/html"):
        return False
    if "sandbox" in answer.headers.get("content-security-policy", ""):
        return False  # what goes into a frame of another page
    page.goto(path)
    if file is not None:
        _take(page, file)
    links |= set(page.eval_on_selector_all("main a[href^='/']", "all => all.map(a => a.pathname)"))
    return True


def _take(page: Page, file: Path) -> None:
    # A frame with a policy of its own stays blank in a picture beyond the window, so the window grows instead.
    size = page.viewport_size
    assert size is not None
    tall = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size["width"], "height": min(max(tall, 600), 4000)})
    page.wait_for_load_state("networkidle")  # parts that come after the page
    page.screenshot(path=file)


if __name__ == "__main__":
    main()
