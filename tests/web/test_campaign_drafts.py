"""Drafting a campaign: from a name to a schedule, by mouse, by keyboard, without a script, and by two at once."""

import re

import pytest
from sqlalchemy import select

from growth.database.engine import transaction
from growth.scheduling.records import JobRun
from growth.settings import settings
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import LONG, countries, draft, people, provider, stored
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_the_five_steps_by_mouse(site: Site, page_as: PageAs) -> None:
    page = page_as("marketer")
    page.goto("/campaigns")
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill("Winter bags")
    page.get_by_role("button", name="Save and choose the audience").click()
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Condition 1: about what").select_option("country")
    page.get_by_placeholder("Between commas").fill("RU, Brazil")
    page.locator("#count").get_by_text("of 2 people get it").wait_for()
    page.get_by_role("button", name="Save and choose the message").last.click()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Go on without an experiment").click()
    page.get_by_role("link", name="Schedule 2 messages").wait_for()
    page.get_by_role("link", name="Русский").click()
    page.locator("iframe[src*='locale=ru']").wait_for()
    assert page.frame_locator("iframe.mail").locator("body").inner_text()
    page.get_by_role("link", name="Schedule 2 messages").click()
    assert page.locator("h1").inner_text() == "Send to 2 people?"
    page.get_by_role("button", name="Schedule 2 messages").click()
    page.get_by_text("“Winter bags” is scheduled.").wait_for()
    campaign = stored(site)
    assert campaign.state == "scheduled"
    assert campaign.scheduled_at is not None
    assert campaign.scheduled_at.isoformat() == "2026-11-25T02:00:00+00:00"  # ten in Shanghai
    assert campaign.audience == {"all": [{"field": "country", "op": "in", "value": ["BR", "RU"]}]}
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("“Winter bags” is a draft again.").wait_for()
    assert stored(site).state == "draft"


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_by_keyboard(site: Site, page_as: PageAs) -> None:
    page = page_as("marketer")
    page.goto("/profile")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/campaigns")
    page.get_by_role("link", name="New campaign").press("Enter")
    page.get_by_label("Name").press_sequentially("By keys")
    page.keyboard.press("Enter")
    page.get_by_label("Hold out, in percent").press("Enter")
    page.wait_for_url("**/message")
    page.get_by_role("button", name="Save and go on").press("Enter")
    page.get_by_role("button", name="Go on without an experiment").press("Enter")
    page.get_by_role("link", name="Schedule 3 messages").press("Enter")
    page.get_by_label("Now").press("Space")
    page.get_by_role("button", name="Schedule 3 messages").press("Enter")
    page.get_by_text("“By keys” goes out now.").wait_for()
    with transaction(site.engine) as session:
        run = session.scalars(select(JobRun)).one()
    assert (run.job, run.fired_by) == ("send_campaigns", "person:marketer@example.com")


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_without_a_script_and_with_a_very_long_name(site: Site, page_as: PageAs) -> None:
    page = page_as("marketer", width=390, javascript=False)
    page.goto("/campaigns/new")
    page.get_by_label("Name").fill(LONG)
    page.get_by_role("button", name="Save and choose the audience").click()
    no_sideways_scroll(page)
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Condition 1: about what").select_option("country")
    page.get_by_role("button", name="Show what goes with a new choice").click()
    page.get_by_placeholder("Between commas").fill("Atlantis")
    page.get_by_role("button", name="Save and count").click()
    assert page.get_by_placeholder("Between commas").input_value() == "Atlantis"
    page.get_by_placeholder("Between commas").fill("Russia, us")
    page.get_by_label("Hold out, in percent").fill("10")
    page.get_by_role("button", name="Save and count").click()
    assert page.locator("#count").get_by_text("of 3 people").is_visible()
    page.get_by_role("button", name="Save and choose the message").last.click()
    no_sideways_scroll(page)
    page.get_by_role("button", name="Save and go on").click()
    no_sideways_scroll(page)
    page.get_by_role("button", name="Go on without an experiment").click()
    no_sideways_scroll(page)
    page.get_by_role("link", name="Count who gets it").click()
    page.get_by_role("link", name="No permission for this purpose").click()
    assert page.get_by_role("link", name="Nobody Asked").is_visible()
    page.go_back()
    page.get_by_role("link", name=re.compile("Schedule . message")).click()
    page.get_by_label("Date and time").fill("2020-01-01T10:00")
    page.get_by_role("button", name=re.compile("Schedule . message")).click()
    assert page.get_by_text("This moment has passed.").is_visible()
    page.get_by_label("Date and time").fill("2026-12-24T10:00")
    page.get_by_role("button", name=re.compile("Schedule . message")).click()
    assert page.get_by_role("button", name="Pause").is_visible()
    no_sideways_scroll(page)
    assert stored(site).state == "scheduled"


@pytest.mark.usefixtures("people")
def test_two_people_editing_get_the_difference_and_a_choice(site: Site, client_as: ClientAs) -> None:
    marketer, admin = client_as("marketer"), client_as("admin")
    path = draft(marketer)
    mine = countries("RU") | {"holdout_percent": "5", "version": "1"}
    theirs = countries("BR") | {"holdout_percent": "5", "version": "1"}
    assert admin.post(f"{path}/audience", data=theirs).status_code == 303
    answer = marketer.post(f"{path}/audience", data=mine)
    assert answer.status_code == 409
    for words in ("in Brazil", "in Russia", 'name="version" value="2"', 'value="Russia"', "Keep theirs"):
        assert words in answer.text
    assert stored(site).audience["all"][0]["value"] == ["BR"]
    assert marketer.post(f"{path}/audience", data=mine | {"version": "2"}).status_code == 303
    assert stored(site).audience["all"][0]["value"] == ["RU"]
    # The same values twice are no conflict.
    assert admin.post(f"{path}/audience", data=mine).status_code == 303
    assert marketer.post(f"{path}/schedule", data={"when": "now", "version": "1"}).status_code == 409


def test_a_campaign_that_cannot_be_sent_says_why(
    site: Site, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    monkeypatch.delenv("GROWTH_SENDGRID_API_KEY")
    settings.cache_clear()
    page = marketer.get(f"{path}/review?counted=true").text
    for words in ("Nobody would get it.", "No SendGrid key is set", "nobody could unsubscribe", "3 stand in the way"):
        assert words in page
    assert "Schedule 0 messages" not in page
    answer = marketer.post(f"{path}/schedule", data={"when": "now", "version": "1"})
    assert answer.status_code == 422
    assert "No SendGrid key is set" in answer.text
    assert stored(site).state == "draft"


@pytest.mark.usefixtures("people")
def test_the_message_has_a_policy_of_its_own(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    for locale, lang in (("ru", "ru"), ("zh_CN", "zh"), ("xx", "en")):
        answer = client_as("manager").get(f"{path}/preview?locale={locale}")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        assert "frame-ancestors 'self'" in policy
        assert f'lang="{lang}' in answer.text
        assert "1 Harbour Road, Ningbo" in answer.text
    text_only = marketer.get(f"{path}/review?kind=text&locale=ru&width=phone").text
    assert '<pre class="say" lang="ru">' in text_only
    assert "<iframe" not in text_only


@pytest.mark.usefixtures("people")
def test_odd_forms_are_answered_in_words(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    for name in ("", " ", "x" * 200, "a\u202eb"):
        assert marketer.post("/campaigns/new", data={"name": name, "side": "buyer"}).status_code == 422
    assert marketer.post("/campaigns/new", data={"name": "x", "side": "both"}).status_code == 422
    path = draft(marketer)
    twice = marketer.post("/campaigns/new", data={"name": "Welcome", "side": "buyer"})
    assert twice.status_code == 422
    assert "with this name already" in twice.text
    for wrong in (
        {"holdout_percent": "51"},
        {"holdout_percent": "-1"},
        {"holdout_percent": "9" * 50},
        {"topic": "9" * 18},
        {"topic": "x"},
        {"saved": "9" * 18},
        {"saved": "x"},
        countries("Atlantis"),
        countries("\0"),
    ):
        assert marketer.post(f"{path}/audience", data=wrong | {"version": "1"}).status_code == 422, wrong
        assert marketer.post(f"{path}/count", data=wrong).status_code == 200, wrong
    for message in ("gone", "welcome_buyer@99", "", "x" * 5000):
        assert marketer.post(f"{path}/message", data={"message": message, "version": "1"}).status_code == 422, message
    for at in ("", "x", "2026-11-25", "0001-01-01T00:00", "9999-12-31T23:59", "2026-11-25T10:00+00:00"):
        answer = marketer.post(f"{path}/schedule", data={"when": "later", "at": at, "version": "1"})
        assert answer.status_code == 422
    for wrong in (
        {"kind": "always"},
        {"kind": "once", "when": "now", "mode": "never"},
        {"kind": "once", "when": "now", "mode": "local_hour", "hour": "24"},
        {"kind": "once", "when": "now", "per_hour": "fast"},
        {"kind": "once", "when": "now", "per_hour": "0"},
        {"kind": "once", "when": "now", "within_hours": "0"},
        {"kind": "recurring", "every": "year"},
        {"kind": "recurring", "every": "month", "month_day": "0"},
        {"kind": "recurring", "every": "day", "time": "later"},
        {"kind": "recurring", "every": "day", "until": "never"},
        {"kind": "triggered", "cause": "event:nothing"},
        {"kind": "triggered", "cause": "stage:nowhere"},
        {"kind": "triggered", "cause": "event:custom", "event_name": ""},
        {"kind": "triggered", "delay": "soon"},
        {"kind": "triggered", "delay": "999999", "unit": "days"},
        {"kind": "triggered", "again_after_days": "0"},
    ):
        assert marketer.post(f"{path}/schedule", data=wrong | {"version": "1"}).status_code == 422, wrong
    huge = "9" * 30
    for odd in (f"/campaigns/{huge}", f"/campaigns/{huge}/review", f"{path}/left-out/x", f"{path}?after={huge}"):
        assert marketer.get(odd).status_code in {404, 422, 303}
    assert marketer.post(f"{path}/name", data={"name": "x", "side": "buyer", "version": huge}).status_code in {409, 422}
    assert marketer.get("/campaigns?state=odd").status_code == 422


@pytest.mark.usefixtures("people")
def test_a_manager_looks_and_changes_nothing(client_as: ClientAs) -> None:
    path = draft(client_as("marketer"))
    manager = client_as("manager")
    assert "Welcome" in manager.get("/campaigns").text
    page = manager.get(f"{path}/review?counted=true")
    assert page.status_code == 200
    assert "/schedule" not in page.text
    assert "Delete" not in page.text
    for action in ("pause", "cancel", "schedule", "delete", "duplicate"):
        assert manager.post(f"{path}/{action}").status_code == 403
    assert client_as("rep").get("/campaigns").status_code == 403


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_every_step_is_for_everyone(client_as: ClientAs, page_as: PageAs) -> None:
    path = draft(client_as("marketer"), LONG)
    page = page_as("marketer")
    for step in (
        *("name", "message", "audience", "experiment", "review", "schedule", "left-out/no_consent"),
        *("schedule?kind=recurring", "schedule?kind=triggered"),
    ):
        page.goto(f"{path}/{step}")
        page.wait_for_load_state("networkidle")
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if width == 390 else "light")
            axe(page)
            no_sideways_scroll(page)
        assert page.locator("h1").count() == 1
        assert page.locator(".button.primary").count() <= 1
