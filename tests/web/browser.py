"""Chromium as a reader: signed in, at a width and in a theme, complaining about errors on the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """A headless browser of the system."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


def is_wrong(page: Page, message: ConsoleMessage) -> bool:
    """Whether the console complains; that a page itself came with a status such as 422 is no complaint."""
    own = message.location.get("url") == page.url and message.text.startswith("Failed to load resource")
    return message.type == "error" and not own


@contextmanager
def reading(
    browser: Browser, url: str, cookies: dict[str, str], *, width: int, theme: str, javascript: bool
) -> Iterator[Page]:
    """A page of a fresh profile; at the end it fails if the console showed an error."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=javascript,
        locale="en-US",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if is_wrong(page, message) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert not wrong, wrong


def axe(page: Page) -> None:
    """Fail with what axe finds wrong for WCAG 2.2 AA and its best practices."""
    found: dict[str, Any] = Axe().run(page).response
    problems = [
        f"{one['id']} ({one['impact']}): {one['help']}\n  "
        + "\n  ".join(node["html"][:200] for node in one["nodes"][:4])
        for one in found["violations"]
    ]
    assert not problems, "\n".join(problems)


def no_sideways_scroll(page: Page) -> None:
    """Fail when the page is wider than its window."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px wider than the window"
