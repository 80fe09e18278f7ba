"""`make shots`: a picture of every page of the demo, at both widths and in both themes, into docs/screenshots.

`python -m tests.web.shots` starts the demo in a folder of its own; with `--home FOLDER --url URL` it looks at one
that runs already. `--settle SECONDS` is how long the demo's jobs get before the first picture.
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
from sqlalchemy import select

from growth.clock import SystemClock
from growth.commands.connect import database
from growth.database.engine import transaction
from growth.people.accounts import AccountRole, Role
from growth.people.sign_in import open_session
from growth.web.access import RoleGuard, session_cookie
from growth.web.app import guards_of, routes
from tests.web.browser import CHROMIUM, chromium, reading

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SHOTS = [(width, theme) for width in (390, 1440) for theme in ("light", "dark")]


def main() -> None:
    """Take all pictures."""
    asked = argparse.ArgumentParser(description="Pictures of every page of the demo.")
    asked.add_argument("--home", type=Path)
    asked.add_argument("--url")
    asked.add_argument("--settle", type=float, default=90)
    options = asked.parse_args()
    executable = next(path for path in CHROMIUM if Path(path).exists())
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo(options.home, options.url, options.settle) as url, chromium(executable) as browser:
        tokens = sessions()
        taken = {name for width, theme in SHOTS for name in round_of(browser, url, tokens, width, theme)}
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
    """Every route that may be a page, those with a plain address first, and the role that looks at it."""
    found = []
    for route in routes():
        (guard,) = guards_of(route)
        if "GET" in (route.methods or set()) and isinstance(guard, RoleGuard):
            found.append((route, str(min(guard.roles - {Role.ADMIN}, default=Role.ADMIN))))
    return sorted(found, key=lambda one: (bool(one[0].param_convertors), one[0].path))


def round_of(browser: Browser, url: str, tokens: dict[str, str], width: int, theme: str) -> Iterator[str]:
    """Every page once, at a width and in a theme; pages of single things are found by their links."""
    links: set[str] = set()
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
                taken = shot(page, path, FOLDER / f"{name}-{width}-{theme}.png", links)
            if taken:
                seen.add(name)
                yield name


def shot(page: Page, path: str, file: Path, links: set[str]) -> bool:
    """A picture of the whole page, if it is one; where it leads is added to `links`."""
    answer = page.request.get(path, max_redirects=0)
    if answer.status == 303:
        links.add(answer.headers["location"])
    if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/html"):
        return False
    if "sandbox" in answer.headers.get("content-security-policy", ""):
        return False  # what goes into a frame of another page
    page.goto(path)
    # A frame with a policy of its own stays blank in a picture beyond the window, so the window grows instead.
    size = page.viewport_size
    assert size is not None
    tall = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size["width"], "height": min(max(tall, 600), 4000)})
    page.screenshot(path=file)
    links |= set(page.eval_on_selector_all("main a[href^='/']", "all => all.map(a => a.pathname)"))
    return True


if __name__ == "__main__":
    main()
