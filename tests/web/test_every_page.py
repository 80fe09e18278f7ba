"""What is true of every page: both widths, both themes, no script, by keyboard, nothing for axe to find."""

import httpx
import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.people.accounts import Role
from growth.web.access import RoleGuard
from growth.web.app import guards_of, routes
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

pytestmark = pytest.mark.browser


def pages() -> list[tuple[str, str | None]]:
    """Path and a role that may open it, of every page whose path needs nothing filled in."""
    found: list[tuple[str, str | None]] = []
    for route in routes():
        (guard,) = guards_of(route)
        if "GET" not in (route.methods or set()) or route.param_convertors:
            continue
        role = min(guard.roles - {Role.ADMIN}, default=Role.ADMIN) if isinstance(guard, RoleGuard) else None
        found.append((route.path, role))
    return sorted(found, key=str)


def is_page(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("path", "role"), pages())
def test_every_page(path: str, role: str | None, client_as: ClientAs, page_as: PageAs) -> None:
    answer = client_as(role).get(path)
    if not is_page(answer):
        # A redirect, a download, or a public link that wants its signature; and the first is seen where it leads.
        assert answer.status_code < 500
        return
    page = page_as(role)
    page.goto(path)
    for theme in ("light", "dark"):
        for width in (390, 1440):
            look(page, width, theme)
    plain = page_as(role, width=390, javascript=False)
    plain.goto(path)
    assert plain.locator("h1").first.is_visible()
    assert plain.locator(".only-js:visible").count() == 0


def look(page: Page, width: int, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    axe(page)
    no_sideways_scroll(page)
    assert page.locator("h1").count() == 1


def test_the_menu_opens_without_a_script_on_a_phone(page_as: PageAs) -> None:
    page = page_as("admin", width=390, javascript=False)
    page.goto("/team")
    assert not page.get_by_role("link", name="Settings").is_visible()
    page.get_by_role("link", name="Menu").click()
    page.get_by_role("link", name="Settings").click()
    assert page.locator("h1").inner_text() == "Settings"


def test_going_by_keyboard_and_not_while_typing(page_as: PageAs) -> None:
    page = page_as("admin")
    page.goto("/profile")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    page.locator("#name").focus()
    page.keyboard.type("?")
    assert not page.get_by_role("dialog").is_visible()
    assert "?" in page.locator("#name").input_value()


def test_single_keys_can_be_switched_off(page_as: PageAs) -> None:
    page = page_as("rep")
    page.goto("/profile")
    page.get_by_label("Single keys do things").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Your profile is saved.").wait_for()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 0


def test_the_theme_is_switched_and_kept(page_as: PageAs) -> None:
    page = page_as("rep")
    page.goto("/profile")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_closing_an_account_can_be_undone_from_its_toast(page_as: PageAs) -> None:
    page = page_as("admin")
    page.goto("/team")
    page.get_by_role("link", name="Rep Example").click()
    page.get_by_role("button", name="Close account").click()
    page.get_by_text("Rep Example can't sign in any more.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Rep Example can sign in again.").wait_for()
    assert page.get_by_text("Closed").count() == 0


def test_the_demo_says_so_on_every_page_beside_a_toast(site: Site, page_as: PageAs) -> None:
    with transaction(site.engine) as session:
        session.execute(update(Workspace).values(demo=True))
    for width in (390, 1440):
        page = page_as("rep", width=width)
        page.goto("/profile")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Your profile is saved.").wait_for()
        assert page.get_by_text("Sample data. No real message leaves this machine.").is_visible()
        axe(page)
        no_sideways_scroll(page)
    stranger = page_as(None)
    stranger.goto("/login")
    assert stranger.get_by_text("Sample data. No real message leaves this machine.").is_visible()


def test_four_languages_by_the_switcher(site: Site, page_as: PageAs) -> None:
    page = page_as(None)
    page.goto("/login")
    page.get_by_role("button", name="Русский").click()
    page.wait_for_url(f"{site.url}/login")
    assert page.locator("html").get_attribute("lang") == "ru"


def test_the_language_chosen_below_a_page_is_the_profile_s(client_as: ClientAs, page_as: PageAs) -> None:
    page = page_as("admin")
    page.goto("/audit-log?action=invite")
    page.get_by_role("button", name="Português").click()
    page.wait_for_url("**/audit-log?action=invite")
    assert page.locator("html").get_attribute("lang") == "pt-BR"
    assert 'lang="pt-BR"' in client_as("admin").get("/profile").text
