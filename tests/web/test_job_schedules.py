"""The schedule of a job, edited on its page: previewed, saved, taken back, and never over somebody else's."""

import pytest
from sqlalchemy import select

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.scheduling.records import Schedule
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.sample_runs import planned, sample_jobs
from tests.web.serving import Site

__all__ = ["planned", "sample_jobs"]
PATH = "/jobs/miss_once/schedule"


def schedule(site: Site) -> Schedule:
    with transaction(site.engine) as session:
        return session.get_one(Schedule, "miss_once")


def version(site: Site) -> str:
    return str(schedule(site).version)


@pytest.mark.parametrize(
    ("typed", "kept", "words"),
    [
        ({"kind": "every", "every": "90", "unit": "minutes"}, {"every": {"minutes": 90}}, "Every 90 minutes"),
        ({"kind": "hourly", "minute": "15"}, {"hourly": 15}, "Every hour at :15"),
        (
            {"kind": "daily", "at": "07:30", "days": ["mon", "fri"], "time_zone": "Europe/Moscow"},
            {"daily": "07:30", "days": ["mon", "fri"], "time_zone": "Europe/Moscow"},
            "Mon, Fri at 7:30",
        ),
        ({"kind": "cron", "expression": "0 6 1 * *"}, {"cron": "0 6 1 * *"}, "0 6 1 * * (cron)"),
        ({"kind": "declared"}, None, "Every hour at :00"),
    ],
)
def test_each_kind_is_previewed_saved_and_shown_again(
    planned: Site,
    client_as: ClientAs,
    typed: dict[str, str | list[str]],
    kept: dict[str, object] | None,
    words: str,
) -> None:
    client = client_as("marketer")
    assert words in client.get(PATH, params=typed).text.split('id="following"')[1]
    assert schedule(planned).override is None
    saved = client.post(PATH, data=typed | {"version": version(planned)})
    assert saved.headers["location"] == "/jobs/miss_once"
    assert schedule(planned).override == kept
    page = client.get("/jobs/miss_once").text
    assert words in page
    assert f'value="{typed["kind"]}" checked' in client.get(PATH).text
    with transaction(planned.engine) as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.subject, entry.detail) == (
            "job schedule",
            "miss_once",
            {"before": None, "after": kept},
        )


def test_the_next_due_time_moves_at_once_and_back(planned: Site, client_as: ClientAs) -> None:
    before = schedule(planned).next_due_at
    client = client_as("marketer")
    client.post(PATH, data={"kind": "hourly", "minute": "15", "version": version(planned)})
    assert schedule(planned).next_due_at != before
    undo = client.get("/jobs/miss_once").text.split('class="toast"')[1].split('action="')[1].split('"')[0]
    assert client.post(undo).headers["location"] == "/jobs/miss_once"
    assert schedule(planned).next_due_at == before
    assert client.post(undo).status_code == 409


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "kind"),
        ({"kind": "every", "every": "-1"}, "every"),
        ({"kind": "every", "every": "9" * 400}, "every"),
        ({"kind": "every", "every": "400", "unit": "days"}, "every"),
        ({"kind": "every", "every": "1", "unit": "eons"}, "kind"),
        ({"kind": "hourly", "minute": "75"}, "minute"),
        ({"kind": "daily", "at": "25:00"}, "at"),
        ({"kind": "daily", "at": "06:00", "days": "someday"}, "days"),
        ({"kind": "daily", "at": "06:00", "time_zone": "../../etc/passwd"}, "time_zone"),
        ({"kind": "cron", "expression": "every day"}, "expression"),
        ({"kind": "cron", "expression": "0 6 31 2 *"}, "when"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    planned: Site, client_as: ClientAs, typed: dict[str, str], field: str
) -> None:
    answer = client_as("marketer").post(PATH, data=typed | {"version": version(planned)})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert schedule(planned).override is None


def test_a_later_save_gets_the_difference_and_a_choice(planned: Site, client_as: ClientAs) -> None:
    seen = version(planned)
    client_as("admin").post(PATH, data={"kind": "hourly", "minute": "20", "version": seen})
    late = client_as("marketer").post(PATH, data={"kind": "hourly", "minute": "40", "version": seen})
    assert late.status_code == 409
    for words in ("Somebody else changed this schedule meanwhile.", "Every hour at :20", "Every hour at :40"):
        assert words in late.text
    assert schedule(planned).override == {"hourly": 20}
    now = late.text.split('name="version" value="')[1].split('"')[0]
    assert client_as("marketer").post(PATH, data={"kind": "hourly", "minute": "40", "version": now}).status_code == 303
    assert schedule(planned).override == {"hourly": 40}


def test_a_manager_runs_jobs_but_leaves_their_schedule(planned: Site, client_as: ClientAs) -> None:
    assert "Edit schedule" in client_as("marketer").get("/jobs/miss_once").text
    assert "Edit schedule" not in client_as("manager").get("/jobs/miss_once").text
    assert client_as("manager").get(PATH).status_code == 403
    assert client_as("manager").post(PATH, data={"kind": "hourly", "version": version(planned)}).status_code == 403


@pytest.mark.browser
def test_the_preview_follows_what_is_chosen(planned: Site, page_as: PageAs) -> None:
    page = page_as("marketer")
    page.goto(PATH)
    page.get_by_label("Every hour, at minute").check()
    page.get_by_label("Minute", exact=True).fill("25")
    page.locator("#following").get_by_text("Every hour at :25").wait_for()
    page.get_by_label("Minute", exact=True).fill("99")
    page.locator("#following").get_by_text("Give a whole number from 0 to 59.").wait_for()
    page.get_by_role("button", name="Save schedule").click()
    assert page.locator("#minute").get_attribute("aria-invalid") == "true"
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        no_sideways_scroll(page)
    assert schedule(planned).override is None


@pytest.mark.browser
def test_edited_without_a_script(planned: Site, page_as: PageAs) -> None:
    page = page_as("marketer", width=390, javascript=False)
    page.goto("/jobs/miss_once")
    page.get_by_role("link", name="Edit schedule").click()
    page.get_by_label("By a cron expression").check()
    page.get_by_label("Cron expression", exact=True).fill("30 7 * * 1")
    page.get_by_role("button", name="Show when it would run").click()
    assert "30 7 * * 1 (cron)" in page.locator("#following").inner_text()
    page.get_by_role("button", name="Save schedule").click()
    page.get_by_text("Roll up: 30 7 * * 1 (cron)").wait_for()
    assert schedule(planned).override == {"cron": "30 7 * * 1"}
