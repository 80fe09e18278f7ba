"""What was checked, on a campaign's review: what needs somebody first, each with the place to put it right."""

import pytest
from sqlalchemy import update

from growth.campaigns.checks.finding import Check
from growth.campaigns.records import Campaign
from growth.database.engine import transaction
from growth.web.check_views import check_values
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import draft, people, provider
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]


def test_what_needs_somebody_comes_first_and_leads_there() -> None:
    campaign = Campaign(id=7, message="welcome_buyer")
    found = check_values(
        campaign,
        [
            Check("links", "good", "All well.", at="message"),
            Check("x", "info", "By the way."),
            Check("subject", "warn", "Cut.", "Shorten it.", {"count": 41206}, "message", "ru"),
            Check("variables", "warn", "Lacking.", at="people/12"),
            Check("audience", "bad", "Nobody.", at="audience"),
        ],
        "en",
    )
    assert [(one["tone"], one["href"], one["label"]) for one in found["checks"]] == [
        ("bad", "/campaigns/7/audience", "Change audience"),
        ("warn", "/templates/welcome_buyer?locale=ru", "Shorten"),
        ("warn", "/people/12", "Show one"),
        ("good", None, "Change message"),
        ("info", None, None),
    ]
    assert (found["stopped"], found["warned"]) == (1, 2)
    assert found["checks"][1]["filled"] == {"count": "41,206"}


def quiet(site: Site, **values: object) -> None:
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(**values))


@pytest.mark.usefixtures("people")
def test_slow_checks_are_a_part_or_a_page(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    quiet(site, message="abandoned_basket")
    page, part = marketer.get(f"{path}/checks"), marketer.get(f"{path}/checks", headers={"HX-Request": "true"})
    assert "<h1>Checked</h1>" in page.text
    assert "<html" not in part.text
    for answer in (page, part):
        assert "have no “basket.items”, so they get nothing." in answer.text
        assert 'href="/people/' in answer.text
    quiet(site, message="gone")
    assert "There was nothing to look at." in marketer.get(f"{path}/checks").text
    assert marketer.get(f"/campaigns/{10**30}/checks").status_code in {404, 422}
    assert client_as("manager").get(f"{path}/checks").status_code == 200


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_they_stand_on_the_review(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    path = draft(client_as("marketer"))
    quiet(site, message="abandoned_basket")
    page = page_as("marketer")
    page.goto(f"{path}/review?counted=true")
    card = page.locator("section[aria-labelledby=checks]")
    card.locator("li[hx-get$='/checks']").wait_for(state="detached")
    assert card.get_by_text("Subject and preheader stand in full on small phones.").is_visible()
    assert card.get_by_role("link", name="Show one").first.is_visible()
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        no_sideways_scroll(page)


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_without_a_script_they_are_a_page_of_their_own(client_as: ClientAs, page_as: PageAs) -> None:
    path = draft(client_as("marketer"))
    page = page_as("marketer", width=390, javascript=False)
    page.goto(f"{path}/review?counted=true")
    page.get_by_role("link", name="Look at links, the sender's domain and everybody in the audience").click()
    assert page.locator("h1").inner_text() == "Checked"
    no_sideways_scroll(page)
