"""Hold-outs of channels on their pages: worked out before anything is kept, planned, begun, read, stopped."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from growth.database.engine import transaction
from growth.measurement.holdouts import running
from tests.measurement.holdouts.filled import TODAY, fill
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

TYPED = {
    "name": "Search rests in winter 冬季",
    "channel": "buyer.paid_search",
    "kind": "regions",
    "outcome": "acquired",
    "weeks": "4",
    "percent": "30",
    "regions": "",
    "settle_days": "7",
    "starts_on": TODAY.isoformat(),
    "then": "save",
}
DAY = timedelta(days=1)


@pytest.fixture
def past(site: Site) -> None:
    with transaction(site.engine) as session:
        fill(session, TODAY - 182 * DAY, 182)


def ended(site: Site, effect: float) -> None:
    """The one that was planned is over, and read."""
    with transaction(site.engine) as session:
        (found,) = running.holdouts(session, None, 2)
        fill(session, TODAY, 37, seed=2, effect=effect, off=found.regions)
        running.begin_due(session, site.clock.now(), None, 10)
        running.look_at_next(session, site.clock.now() + 37 * DAY, None, 1)


@pytest.mark.usefixtures("past")
def test_it_is_worked_out_before_anything_is_kept(site: Site, client_as: ClientAs) -> None:
    manager = client_as("manager")
    assert "No hold-out yet" in manager.get("/experiments").text
    assert 'value="2026-11-25"' in manager.get("/experiments/new").text
    shown = manager.post("/experiments", data=TYPED | {"then": "show"})
    assert shown.status_code == 200
    assert "It rests in" in shown.text
    assert "Smallest seen" in shown.text
    assert "Search rests in winter 冬季" in shown.text
    with transaction(site.engine) as session:
        assert running.holdouts(session, None, 9) == []


@pytest.mark.usefixtures("past")
def test_planned_begun_and_stopped(client_as: ClientAs) -> None:
    manager = client_as("manager")
    one = manager.post("/experiments", data=TYPED | {"starts_on": (TODAY + 9 * DAY).isoformat()}).headers["location"]
    page = manager.get(one).text
    assert "It begins by itself on its first day." in page
    assert "Search rests in winter 冬季" in manager.get("/experiments").text
    assert manager.post(f"{one}/start").status_code == 303
    assert "The first figures come when a counted week is over." in manager.get(one).text
    assert manager.post(f"{one}/start").status_code == 409
    assert manager.post(f"{one}/stop").status_code == 303
    assert "It was stopped before its end" in manager.get(one).text
    assert manager.post(f"{one}/stop").status_code == 409


@pytest.mark.usefixtures("past")
def test_its_result_stands_on_its_page_and_in_the_list(site: Site, client_as: ClientAs) -> None:
    manager = client_as("manager")
    one = manager.post("/experiments", data=TYPED).headers["location"]
    ended(site, 0.3)
    page = manager.get(one).text
    assert "it truly causes something" in page
    assert "Cost for each that it causes" in page
    assert "90 % interval" in page
    assert "% (" in manager.get("/experiments").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"channel": "seller.email"}, "There is no such channel on this side."),
        ({"channel": "buyer.email"}, "E-mail has its own hold-outs"),
        ({"channel": "<script>"}, "The side is buyer or seller."),
        ({"percent": "0"}, "Give a share from 5 to 50 percent."),
        ({"starts_on": "2020-01-01"}, "It begins today or later, within a year."),
        ({"regions": "=cmd()"}, "Name countries by two letters"),
        ({"weeks": "1" * 200}, "string_too_long"),
        ({}, "Too little is known to plan it"),
    ],
)
def test_what_isn_t_right_is_said_beside_its_field(client_as: ClientAs, changes: dict[str, str], words: str) -> None:
    answer = client_as("marketer").post("/experiments", data=TYPED | changes)
    assert answer.status_code == 422
    if words != "string_too_long":
        assert words in answer.text
        assert "Search rests" in answer.text or "name" in changes
        assert 'aria-invalid="true"' in answer.text


@pytest.mark.usefixtures("past")
def test_a_channel_has_one_at_a_time(client_as: ClientAs) -> None:
    manager = client_as("manager")
    manager.post("/experiments", data=TYPED)
    again = manager.post("/experiments", data=TYPED | {"name": "Again"})
    assert again.status_code == 409
    assert "two at once would spoil each other" in again.text
    assert "There is a hold-out of this name already." in manager.post("/experiments", data=TYPED).text


def test_strangers_and_odd_numbers(client_as: ClientAs) -> None:
    manager = client_as("manager")
    for odd in ("0", "-1", "x", "9" * 30, str(2**63 - 1), "77"):
        assert manager.get(f"/experiments/{odd}").status_code in {404, 422}
        assert manager.post(f"/experiments/{odd}/stop").status_code in {404, 422}
    assert manager.get("/experiments?after=" + "9" * 40).status_code in {404, 422}
    assert client_as("rep").get("/experiments").status_code == 403
    assert client_as("rep").post("/experiments", data=TYPED).status_code == 403


@pytest.mark.browser
@pytest.mark.usefixtures("past")
def test_in_a_browser_from_the_form_to_the_result(site: Site, page_as: PageAs) -> None:
    page = page_as("manager")
    page.goto("/experiments/new")
    page.get_by_label("Name").fill("Search rests")
    page.get_by_label("Channel that rests").select_option("buyer.paid_search")
    page.get_by_label("First day").fill(TODAY.isoformat())
    page.get_by_role("button", name="Work it out").click()
    page.get_by_text("Smallest seen").wait_for()
    looked_at(page)
    page.get_by_role("button", name="Plan hold-out").click()
    page.get_by_role("heading", name="Search rests").wait_for()
    ended(site, 0.3)
    page.reload()
    looked_at(page)
    page.goto("/experiments")
    looked_at(page)
    assert page.get_by_role("link", name="Search rests").is_visible()


def looked_at(page: Page) -> None:
    for theme in ("light", "dark"):
        for width in (390, 1440):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)
