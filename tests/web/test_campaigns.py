"""Campaigns on their way: followed, paused, ended, and asked about."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from growth.campaigns.audiences.reading import version_of
from growth.campaigns.audiences.saving import create
from growth.campaigns.records import Campaign, Delivery
from growth.database.engine import transaction
from growth.people.permission import lists
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import draft, people, provider, sending, stored
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]


@pytest.mark.browser
def test_a_campaign_on_its_way_is_followed_paused_and_ended(site: Site, page_as: PageAs) -> None:
    number = sending(site)
    page = page_as("marketer")
    page.goto(f"/campaigns/{number}")
    for theme in ("light", "dark"):
        for width in (390, 1440):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)
    assert page.locator(".kpi", has_text="Sent").get_by_text("2", exact=True).is_visible()
    with transaction(site.engine) as session:
        session.execute(update(Delivery).where(Delivery.state == "planned").values(state="accepted"))
    page.locator(".kpi", has_text="Sent").get_by_text("3", exact=True).wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("is paused.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("goes on.").wait_for()
    page.get_by_role("link", name="Cancel").click()
    axe(page)
    page.get_by_text("0 of 3 messages").wait_for()
    page.get_by_role("button", name="Cancel campaign").click()
    page.get_by_text("is cancelled.").wait_for()
    assert page.get_by_role("button", name="Duplicate").is_visible()
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(state="asks"))
    page.reload()
    assert page.get_by_role("link", name="Choose another time").count() == 0  # it had begun


def test_people_of_a_campaign_are_paged_and_filtered(site: Site, client_as: ClientAs) -> None:
    number = sending(site, 60)
    marketer = client_as("marketer")
    first = marketer.get(f"/campaigns/{number}").text
    following = re.search(r"\?after=(\d+)", first)
    assert following
    second = marketer.get(f"/campaigns/{number}?after={following[1]}").text
    shown = re.findall(r">(Person \d+)<", first) + re.findall(r">(Person \d+)<", second)
    assert shown == [f"Person {one}" for one in range(60)]
    bounced = marketer.get(f"/campaigns/{number}?state=bounced").text
    assert re.findall(r">(Person \d+)<", bounced) == ["Person 1"]
    assert "550 no such user" in bounced
    assert "No message is there." in marketer.get(f"/campaigns/{number}?state=refused").text
    assert ">Person 60<" in marketer.get(f"/campaigns/{number}/left-out/holdout").text


@pytest.mark.usefixtures("people")
def test_a_campaign_that_asks_is_sent_later_or_never(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(state="asks", scheduled_at=site.clock.now() - timedelta(days=2)))
    page = marketer.get(path).text
    assert "Decide what becomes of it." in page
    assert f"{path}/schedule?when=now" in page
    assert marketer.post(f"{path}/schedule", data={"when": "now", "version": "1"}).status_code == 303
    assert stored(site).state == "scheduled"
    assert stored(site).scheduled_at == site.clock.now()
    assert marketer.post(f"{path}/cancel").status_code == 303
    assert marketer.post(f"{path}/cancel").status_code == 409


@pytest.mark.usefixtures("people")
def test_a_draft_is_copied_and_deleted(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    copy = marketer.post(f"{path}/duplicate").headers["location"].removesuffix("/name")
    assert "Welcome (2)" in marketer.get(f"{copy}/name").text
    assert marketer.post(f"{path}/delete").status_code == 303
    assert marketer.get(path).status_code == 404
    assert marketer.post(f"{copy}/schedule", data={"when": "now", "version": "1"}).status_code == 303
    assert marketer.post(f"{copy}/delete").status_code == 409
    listed = marketer.get("/campaigns?state=scheduled").text
    assert "Welcome (2)" in listed
    assert "No campaign is here." in marketer.get("/campaigns?state=sent").text


def test_the_live_part_has_the_page_loaded_again_when_the_state_changed(site: Site, client_as: ClientAs) -> None:
    number = sending(site)
    marketer = client_as("marketer")
    same = marketer.get(f"/campaigns/{number}/progress?state=sending")
    assert same.status_code == 200
    assert 'hx-trigger="every 2s"' in same.text
    assert marketer.get(f"/campaigns/{number}/progress?state=scheduled").headers["hx-refresh"] == "true"


@pytest.mark.browser
def test_the_list_is_for_everyone(site: Site, page_as: PageAs) -> None:
    sending(site)
    page = page_as("manager")
    page.goto("/campaigns")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if width == 390 else "light")
        axe(page)
        no_sideways_scroll(page)
    page.get_by_label("State").select_option("sending")
    page.get_by_role("button", name="Filter").click()
    page.locator("tbody a").click()
    assert page.get_by_role("button", name="Pause").count() == 0


def test_a_campaign_leads_to_what_it_is_made_of(site: Site, client_as: ClientAs) -> None:
    number, now = sending(site), site.clock.now()
    with transaction(site.engine) as session:
        news = lists.create(
            session,
            "news",
            "buyer",
            lists.Topic(names={"en": "Fresh news"}, descriptions={}, public=True),
            actor="test",
            now=now,
        )
        saved = create(session, name="All of them", conditions={"all": []}, actor="test", now=now)
        version = version_of(session, saved.id, 1)
        session.execute(update(Campaign).values(list_id=news.id, audience_version_id=version.id))
        topic, audience = f'href="/lists/{news.id}">Fresh news<', f'href="/audiences/{saved.id}"'
    page = client_as("marketer").get(f"/campaigns/{number}").text
    assert topic in page
    assert audience in page
    assert 'href="/templates/welcome_buyer"' in page
    assert audience not in client_as("manager").get(f"/campaigns/{number}").text  # no page of theirs
    assert f'href="/campaigns/{number}">' in client_as("manager").get(f"/lists/{news.id}").text


@pytest.mark.parametrize(("reason", "href"), [("frequency_cap", "/settings/sending"), ("suppressed", "/suppressions")])
def test_who_is_left_out_is_told_why_and_where_that_is_set(
    site: Site, client_as: ClientAs, reason: str, href: str
) -> None:
    path = f"/campaigns/{sending(site)}/left-out/{reason}"
    link = f'<a class="link" href="{href}">'
    assert link in client_as("marketer").get(path).text
    assert link not in client_as("manager").get(path).text
