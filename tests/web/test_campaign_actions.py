"""Campaigns by one press: approved by somebody else, changed for the rest, slowed down, put away."""

import re

import pytest
from sqlalchemy import update

from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.sending.rules import rules
from growth.database.engine import transaction
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import draft, people, provider, sending, stored
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]


@pytest.fixture
def least(site: Site) -> None:
    """From two people on, somebody else has to approve."""
    with transaction(site.engine) as session:
        rules(session).approval_from = 2


@pytest.mark.browser
@pytest.mark.usefixtures("people", "least")
def test_a_large_campaign_is_approved_by_somebody_else(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    path = draft(client_as("marketer"), "Large")
    page = page_as("marketer")
    page.goto(f"{path}/schedule?when=now")
    assert page.get_by_text("somebody else has to approve it first").is_visible()
    page.get_by_role("button", name="Ask to approve 3 messages").click()
    page.get_by_text("waits for somebody else's approval.").wait_for()
    assert page.get_by_text("You scheduled it yourself").is_visible()
    assert page.get_by_role("button", name="Approve").count() == 0
    refused = client_as("marketer").post(f"{path}/approve", data={"version": "1"})
    assert refused.status_code == 403
    manager = page_as("manager", width=390)
    manager.goto("/campaigns?state=awaits")
    manager.get_by_role("link", name="Large").click()
    for width in (390, 1440):
        manager.set_viewport_size({"width": width, "height": 900})
        axe(manager)
        no_sideways_scroll(manager)
    manager.get_by_role("button", name="Send back").click()
    assert manager.get_by_text("Say in up to 500 characters").is_visible()
    manager.get_by_label("What has to change").fill("Зимой — другое. 冬季另有。")
    manager.get_by_role("button", name="Send back").click()
    manager.get_by_text("is sent back with your note.").wait_for()
    page.goto(f"{path}/audience")
    assert page.get_by_text("manager@example.com sent it back: “Зимой — другое. 冬季另有。”").is_visible()
    version = str(stored(site).version)
    asked = {"kind": "once", "when": "now", "version": version}
    assert client_as("marketer").post(f"{path}/schedule", data=asked).status_code == 303
    manager.goto(path)
    manager.get_by_role("button", name="Approve").click()
    manager.get_by_text("You approved “Large”.").wait_for()
    assert stored(site).state == "scheduled"
    assert stored(site).approved_by == "manager@example.com"


@pytest.mark.browser
def test_the_rest_of_a_paused_campaign_is_changed(site: Site, page_as: PageAs) -> None:
    number = sending(site)
    page = page_as("marketer")
    page.goto(f"/campaigns/{number}")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("link", name="Edit the rest").click()
    for theme, width in (("light", 1440), ("dark", 390)):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        no_sideways_scroll(page)
    page.get_by_label("Subject in Русский").fill("x" * 300)
    page.get_by_role("button", name="Save for the rest").click()
    assert page.get_by_text("at most 200 visible characters").is_visible()
    page.get_by_label("Subject in Русский").fill("Другая тема")
    page.get_by_role("button", name="Save for the rest").click()
    page.get_by_text("gets it like this once you resume.").wait_for()
    assert stored(site).changes == {"subjects": {"ru": "Другая тема"}}
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("goes on.").wait_for()


def test_what_was_cancelled_says_how_many_were_never_sent(site: Site, client_as: ClientAs) -> None:
    path = f"/campaigns/{sending(site)}"
    client = client_as("marketer")
    client.post(f"{path}/cancel")
    page = client.get(path).text
    assert re.search(r"It was cancelled: \d+ messages? w(as|ere) never sent\.", page)
    assert 'class="meter"' not in page.partition("never sent")[0].rpartition('id="progress"')[2]


def test_two_who_edit_the_rest_at_once(site: Site, client_as: ClientAs) -> None:
    path = f"/campaigns/{sending(site)}"
    client = client_as("marketer")
    client.post(f"{path}/pause")
    version = str(stored(site).version)
    theirs = {"message": "welcome_buyer", "version": version, "subject_ru": "Их тема"}
    assert client.post(f"{path}/rest", data=theirs).status_code == 303
    late = client.post(f"{path}/rest", data=theirs | {"subject_ru": "Моя тема"})
    assert late.status_code == 409
    assert "Моя тема" in late.text
    assert "Save below to keep yours" in late.text
    mine = {"message": "welcome_buyer", "version": str(stored(site).version), "subject_ru": "Моя тема"}
    assert client.post(f"{path}/rest", data=mine).status_code == 303
    assert stored(site).changes == {"subjects": {"ru": "Моя тема"}}
    wrong = client.post(
        f"{path}/rest", data=mine | {"version": str(stored(site).version), "subject_ru": "{{ nobody }}"}
    )
    assert wrong.status_code == 422
    assert "There is no “nobody”" in wrong.text


def test_the_speed_is_changed_in_the_middle(site: Site, client_as: ClientAs) -> None:
    number = sending(site)
    marketer = client_as("marketer")
    assert marketer.post(f"/campaigns/{number}/speed", data={"per_hour": "12,000"}).status_code == 303
    assert stored(site).per_hour == 12_000
    for wrong in ("fast", "0", "-1", "9" * 30):
        answer = marketer.post(f"/campaigns/{number}/speed", data={"per_hour": wrong})
        assert answer.status_code == 422
        assert f'value="{wrong}"' in answer.text
    assert marketer.post(f"/campaigns/{number}/speed", data={"per_hour": ""}).status_code == 303
    assert stored(site).per_hour is None
    assert client_as("manager").post(f"/campaigns/{number}/speed", data={"per_hour": "1"}).status_code == 403


def test_what_has_ended_is_put_away(site: Site, client_as: ClientAs) -> None:
    number = sending(site)
    marketer = client_as("marketer")
    assert marketer.post(f"/campaigns/{number}/archive").status_code == 409
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(state="sent"))
    assert marketer.post(f"/campaigns/{number}/archive").status_code == 303
    assert f'href="/campaigns/{number}"' not in marketer.get("/campaigns").text
    assert f'href="/campaigns/{number}"' in marketer.get("/campaigns?archived=true").text
    assert "Bring back" in marketer.get(f"/campaigns/{number}").text
    assert marketer.post(f"/campaigns/{number}/bring-back").status_code == 303
    assert f'href="/campaigns/{number}"' in marketer.get("/campaigns").text


@pytest.mark.browser
def test_each_time_of_a_recurring_campaign(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    number = sending(site)
    now = site.clock.now()
    with transaction(site.engine) as session:
        again = {"every": "week", "day": "mon", "at": "10:00", "zone": "Asia/Shanghai", "until": "2027-01-31"}
        session.execute(update(Campaign).values(kind="recurring", recurrence=again))
        for day in range(1, 9):
            due = now.replace(day=day)
            session.add(CampaignRun(campaign_id=number, due_at=due, state="sent", selected_at=due, finished_at=due))
    page = page_as("manager")
    page.goto(f"/campaigns/{number}")
    assert page.get_by_text("Every week, Monday at 10:00").is_visible()
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        no_sideways_scroll(page)
    page.get_by_role("link", name="All times").click()
    axe(page)
    assert page.locator("[data-row]").count() == 9
    page.locator("[data-row] a").last.click()
    assert page.get_by_text("Nobody so far.").is_visible()
    assert client_as("manager").get(f"/campaigns/{number}?run=999999").status_code == 200
