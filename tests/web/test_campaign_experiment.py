"""The experiment of a campaign on its pages: declared without a script, worked out beforehand, shown with intervals."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from growth.campaigns.experimenting import experiment_of
from growth.campaigns.experiments import winners
from growth.campaigns.experiments.effects import count_campaign
from growth.campaigns.records import Campaign
from growth.campaigns.running import begin_due
from growth.database.engine import transaction
from growth.experiments.records import Experiment
from tests.campaigns.comparing import add_messages, compared, hold_out, ordered, run_of
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import draft, people, provider
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]

TWO = {
    "arms": "2",
    "share_A": "50",
    "share_B": "50",
    "subject_B_en": "New bags",
    "subject_B_ru": "Новые сумки 新包",
    "outcome": "click",
    "horizon_days": "3",
    "rule": "fixed",
    "test_percent": "100",
    "base_rate": "2,5",
    "smallest_effect": "0.6",
    "version": "1",
}


def made(marketer: httpx.Client) -> tuple[str, int]:
    """The experiment step of a new draft, and the draft's number."""
    path = re.sub(r"/[a-z]+$", "", draft(marketer))
    return f"{path}/experiment", int(path.rpartition("/")[2])


def declared(site: Site, campaign: int) -> str:
    with transaction(site.engine) as session:
        setup = experiment_of(session, campaign)
        return repr(setup.declaration) if setup else "none"


def test_without_an_experiment_it_goes_on(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    page = marketer.get(path).text
    assert "Everybody gets the same message." in page
    assert "Compare versions" in page
    answer = marketer.post(path, data={"arms": "0", "version": "1"})
    assert answer.headers["location"].endswith("/review")
    assert declared(site, campaign) == "none"


def test_two_subjects_are_declared_shown_again_and_taken_away(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    assert 'name="subject_B_pt_BR"' in marketer.get(f"{path}?compare=true").text
    assert marketer.post(path, data=TWO).headers["location"].endswith("/review")
    assert "base_rate=250" in declared(site, campaign)
    assert "smallest_effect=60" in declared(site, campaign)
    page = marketer.get(path).text
    assert 'value="Новые сумки 新包"' in page
    assert 'value="2.5"' in page
    assert marketer.post(path, data={"arms": "0", "version": "2"}).status_code == 303
    assert declared(site, campaign) == "none"


@pytest.mark.usefixtures("people")
def test_readers_who_would_see_no_difference_are_named(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    assert "would see no difference" not in marketer.get(f"{path}/size", params=TWO | {"subject_B_pt_BR": "Novo"}).text
    assert "Readers of Português (Brasil) would see no difference" in marketer.get(f"{path}/size", params=TWO).text
    marketer.post(path, data=TWO)
    review = marketer.get(f"/campaigns/{campaign}/review?counted=true").text
    assert "are the same for those who read Português (Brasil): 1." in review


def test_versions_are_added_and_removed_with_all_that_was_typed(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    three = marketer.post(path, data=TWO | {"then": "add"})
    assert three.status_code == 200
    assert "Version C" in three.text
    assert 'value="New bags"' in three.text
    assert 'name="share_A" type="text" value="33.34"' in three.text
    two = marketer.post(path, data=TWO | {"arms": "3", "subject_C_en": "Third", "then": "remove-B"})
    assert 'name="subject_B_en" value="Third"' in two.text
    assert "Version C" not in two.text
    assert declared(site, campaign) == "none"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"share_B": "40"}, "The shares have to be 100 percent together."),
        ({"share_B": "x"}, "Give a share between 0 and 100 percent."),
        ({"subject_B_en": "", "subject_B_ru": ""}, "Version B is the same as A."),
        ({"subject_B_en": "x" * 201}, "It has at most 200 visible characters."),
        ({"subject_B_en": "{{ nobody_knows }}"}, "nobody_knows"),
        ({"horizon_days": "9" * 50}, "Count for 1 to 60 days."),
        ({"base_rate": "0"}, "Give a share from 0.01 to 99.99 percent."),
        ({"smallest_effect": "NaN"}, "Give a difference from 0.01 to 50 points."),
        ({"test_percent": "-1"}, "percent take part."),
        ({"hour_B": "99"}, "Give an hour of the day, from 0 to 23."),
        ({"message_B": "../secret"}, "There is no message"),
        ({"outcome": "<script>"}, "Choose what counts."),
    ],
)
def test_what_isn_t_right_is_said_beside_its_field(
    site: Site, client_as: ClientAs, changes: dict[str, str], words: str
) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    answer = marketer.post(path, data=TWO | changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="2,5"' in answer.text or "base_rate" in changes
    assert declared(site, campaign) == "none"


def test_two_people_at_once_get_a_choice(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    marketer.post(path, data=TWO)
    answer = marketer.post(path, data=TWO | {"horizon_days": "9"})
    assert answer.status_code == 409
    assert "within 3 days counts" in answer.text
    assert "within 9 days counts" in answer.text
    assert "horizon_days=3" in declared(site, campaign)
    assert marketer.post(path, data=TWO | {"horizon_days": "9", "version": "2"}).status_code == 303
    assert "horizon_days=9" in declared(site, campaign)


@pytest.mark.usefixtures("people")
def test_whether_there_are_enough_people(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, _ = made(marketer)
    part = marketer.get(f"{path}/size", params=TWO).text
    assert "With so few people no difference will show." in part or "will be seen 8 times in 10" in part
    assert "Needed in each for 0.6 points" in part
    assert "by rule of thumb 3.00% do it" in part
    alike = {field: text for field, text in TWO.items() if "subject" not in field}
    assert "same as A" in marketer.get(f"{path}/size", params=alike).text
    saved = marketer.post(path, data=TWO | {"then": "size"})
    assert "Needed in each" in marketer.get(saved.headers["location"]).text


def test_odd_requests_are_answered_in_words(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, _ = made(marketer)
    for odd in (
        {"arms": "99999999999"},
        {"arms": "-2"},
        {"arms": "x", "then": "remove-Z"},
        {"then": "add", "arms": "5"},
    ):
        assert marketer.post(path, data=TWO | odd).status_code in {200, 303, 409, 422}
    assert marketer.get("/campaigns/99999999999999999999/experiment").status_code in {404, 422}
    assert marketer.get("/campaigns/99/experiment").status_code == 404
    assert marketer.post("/campaigns/99/experiment/choose", data={"arm": "A"}).status_code == 404
    assert marketer.post(f"{path}/choose", data={"arm": "A"}).status_code == 409


def running(site: Site, *, rule: str = "fixed", days: int = 1, mismatch: bool = False) -> int:
    """A campaign on its way whose B does better, looked at after so many days."""
    now = site.clock.now()
    with transaction(site.engine) as session:
        campaign = compared(session, name="Bags for winter", rule=rule, holdout_percent=10)
        run = run_of(session, campaign)
        first = add_messages(session, run, "A", 2_000, 100)
        add_messages(session, run, "B", 2_600 if mismatch else 2_000, 180)
        ordered(session, first[:200], now + timedelta(hours=2))
        kept = hold_out(session, run, 400)
        ordered(session, kept[:8], now + timedelta(hours=3))
        winners.look(session, session.scalars(select(Experiment)).one(), now + timedelta(days=days))
        count_campaign(session, campaign, now + timedelta(days=days))
        return campaign.id


def pill(page: str) -> str:
    """The state beside the heading."""
    found = re.search(r'id="experiment">.*?<span class="push pill[^>]*>([^<]+)<', page)
    assert found is not None
    return found[1]


def test_each_state_is_said_as_it_is(site: Site, client_as: ClientAs) -> None:
    """From the plan to a cancelled campaign, before and after the job that looks at experiments."""
    manager, now = client_as("manager"), site.clock.now()
    with transaction(site.engine) as session:
        planned = compared(session, name="Bags", rule="fixed")
        planned.state, planned.scheduled_at = "scheduled", now
        campaign = planned.id
    page = manager.get(f"/campaigns/{campaign}").text
    assert pill(page) == "Planned"
    assert "It begins when the campaign does." in page
    with transaction(site.engine) as session:
        begin_due(session, now)
    page = manager.get(f"/campaigns/{campaign}").text
    assert pill(page) == "Running"
    assert "looked at earlier, it would mislead" in page
    with transaction(site.engine) as session:
        session.get_one(Campaign, campaign).state = "cancelled"
    for looks in range(2):
        page = manager.get(f"/campaigns/{campaign}").text
        assert pill(page) == "Stopped"
        assert "nothing is decided" in page
        assert "Goes to all" not in page
        assert "End it by hand" not in client_as("marketer").get(f"/campaigns/{campaign}").text
        with transaction(site.engine) as session:
            ended = winners.look(session, session.scalars(select(Experiment)).one(), now)
            assert ended, looks


def test_who_waits_for_the_winner_is_shown_too(site: Site, client_as: ClientAs) -> None:
    """On the campaign's page, on a page of those who wait, and on their own."""
    with transaction(site.engine) as session:
        campaign = compared(session, name="Bags", test_percent=50)
        run = run_of(session, campaign)
        add_messages(session, run, "A", 3)
        waiting = add_messages(session, run, None, 2, state="planned", waiting=True)
    marketer = client_as("marketer")
    for path in (f"/campaigns/{campaign.id}", f"/campaigns/{campaign.id}?state=planned"):
        page = marketer.get(path)
        assert page.status_code == 200
        assert f'href="/people/{waiting[0]}"' in page.text
    assert marketer.get(f"/people/{waiting[0]}").status_code == 200


def test_a_fixed_rule_tells_no_difference_before_its_end(site: Site, client_as: ClientAs) -> None:
    page = client_as("manager").get(f"/campaigns/{running(site)}").text
    assert "looked at earlier, it would mislead" in page
    assert "+4.00" not in page
    assert "5.00%" in page


def test_the_winner_stands_there_with_its_interval(site: Site, client_as: ClientAs) -> None:
    page = client_as("manager").get(f"/campaigns/{running(site, days=4)}").text
    assert "Version B won, and goes to everybody since." in page
    assert "+4.00 (+2.42 … +5.58)" in page
    assert "Show as a table" in page
    assert "End it by hand" not in page


def test_a_sequential_rule_may_be_looked_at_any_time(site: Site, client_as: ClientAs) -> None:
    campaign = running(site, rule="sequential")
    assert "hold at every look" in client_as("manager").get(f"/campaigns/{campaign}").text


def test_sizes_that_can_t_be_chance_are_warned_of(site: Site, client_as: ClientAs) -> None:
    page = client_as("manager").get(f"/campaigns/{running(site, days=4, mismatch=True)}").text
    assert "more than chance allows" in page
    assert "Nothing could be decided" in page


def test_what_sending_truly_caused_stands_on_the_page(site: Site, client_as: ClientAs) -> None:
    page = client_as("manager").get(f"/campaigns/{running(site)}").text
    assert "What sending truly caused" in page
    # 200 of 4,000 against 8 of 400: 3 points, of 4,000.
    assert "120 (" in page
    assert "Sending made a difference: +3.00 points" in page


def test_a_marketer_ends_it_by_hand_and_a_manager_can_not(site: Site, client_as: ClientAs) -> None:
    campaign = running(site)
    assert "End it by hand" not in client_as("manager").get(f"/campaigns/{campaign}").text
    marketer = client_as("marketer")
    assert "End it by hand" in marketer.get(f"/campaigns/{campaign}").text
    marketer.post(f"/campaigns/{campaign}/experiment/choose", data={"arm": "B"})
    page = marketer.get(f"/campaigns/{campaign}").text
    assert "From now on everybody gets version B." in page
    assert "It was ended by hand; version B goes to everybody since." in page
    again = marketer.post(f"/campaigns/{campaign}/experiment/choose", data={"arm": "A"})
    assert again.status_code == 409


@pytest.mark.browser
def test_the_step_by_mouse_and_without_a_script(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    path, campaign = made(client_as("marketer"))
    page = page_as("marketer")
    page.goto(path)
    page.get_by_role("link", name="Compare versions").click()
    for theme in ("light", "dark"):
        for width in (390, 1440):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)
    page.get_by_label("Subject, English").last.fill("A much better subject")
    page.get_by_text("Needed in each").wait_for()
    page.get_by_role("button", name="Add a version").click()
    assert page.get_by_label("Subject, English").nth(1).input_value() == "A much better subject"
    page.get_by_role("button", name="Remove version C").click()
    page.get_by_role("button", name="Save and review").click()
    page.wait_for_url("**/review**")
    assert "A much better subject" in declared(site, campaign)
    plain = page_as("marketer", width=390, javascript=False)
    plain.goto(path)
    plain.get_by_role("button", name="Save and work out the size").click()
    assert plain.get_by_text("Needed in each").is_visible()


@pytest.mark.browser
def test_the_result_is_for_everyone(site: Site, page_as: PageAs) -> None:
    campaign = running(site, days=4)
    page = page_as("marketer")
    page.goto(f"/campaigns/{campaign}")
    for theme in ("light", "dark"):
        for width in (390, 1440):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)


def test_a_copy_is_compared_too_and_a_deleted_draft_leaves_nothing(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path, campaign = made(marketer)
    marketer.post(path, data=TWO)
    copy = marketer.post(f"/campaigns/{campaign}/duplicate").headers["location"]
    with transaction(site.engine) as session:
        other = session.scalars(select(Campaign.id).where(Campaign.id != campaign)).one()
        assert experiment_of(session, other) is not None, copy
    marketer.post(f"/campaigns/{campaign}/delete")
    with transaction(site.engine) as session:
        assert [one.subject_id for one in session.scalars(select(Experiment))] == [other]
