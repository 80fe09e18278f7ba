"""What the people of a campaign see, on its review: as one of them, wide and narrow, light and dark."""

import pytest
from sqlalchemy import update

from growth.campaigns.audiences import saving
from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.records import Campaign
from growth.database.engine import transaction
from growth.people.identity import Known, ensure_person, find_person
from growth.web.pages.campaign_preview import Seen
from tests.conftest import NOON
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import draft, people, provider
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]


def person_of(site: Site, email: str) -> int:
    with transaction(site.engine) as session:
        found = find_person(session, "email", email)
    assert found is not None
    return found


@pytest.mark.usefixtures("people")
def test_it_is_seen_as_somebody_of_the_audience(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    ana = person_of(site, "ana@example.com")
    part = marketer.get(f"{path}/seen", params={"locale": "pt_BR"}).text
    assert f'<option value="{ana}">Ana Souza, BR</option>' in part
    assert "Иван" not in part
    assert "Nobody Asked" not in marketer.get(f"{path}/seen?locale=en").text
    seen = marketer.get(f"{path}/preview", params={"locale": "pt_BR", "person": ana})
    assert "Ana Souza" in seen.text
    assert "[[" not in seen.text
    assert "/c/" not in seen.text
    assert "/o/" not in seen.text
    assert marketer.get(f"{path}/seen?person=").status_code == 200


@pytest.mark.usefixtures("people")
def test_an_audience_of_saved_ones_has_people_too(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    with transaction(site.engine) as session:
        brazil = saving.create(session, name="Brazil", conditions=narrowed(countries=["BR"]), actor="x", now=NOON)
        within = {"all": [{"field": "audience", "op": "in", "value": [brazil.id]}]}
        session.execute(update(Campaign).values(audience=within))
    part = marketer.get(f"{path}/seen", params={"locale": "pt_BR"})
    assert "Ana Souza" in part.text


@pytest.mark.usefixtures("people")
def test_light_and_dark_are_answered_beforehand(client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    light, dark = (marketer.get(f"{path}/preview?scheme={scheme}").text for scheme in ("light", "dark"))
    assert "@media not all" in light
    assert "@media all" in dark
    answer = marketer.get(f"{path}/preview")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert 'src="/static/1/mail/' in answer.text


@pytest.mark.usefixtures("people")
def test_somebody_is_looked_for_by_their_exact_address(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    ivan = person_of(site, "ivan@example.com")
    found = marketer.post(f"{path}/seen?locale=en", data={"email": " Ivan@Example.com "})
    assert found.status_code == 303
    assert f"person={ivan}" in found.headers["location"]
    assert "locale=ru" in found.headers["location"]
    assert marketer.get(found.headers["location"]).status_code == 200
    for wrong, words in (("nobody@nowhere.example", "Nobody has this address."), ("x", "@")):
        part = marketer.post(f"{path}/seen", data={"email": wrong}, headers={"HX-Request": "true"})
        assert part.status_code == 422
        assert words in part.text
        assert f'value="{wrong}"' in part.text
        assert marketer.post(f"{path}/seen", data={"email": wrong}).status_code == 303
    part = marketer.post(f"{path}/seen", data={"email": "ivan@example.com"}, headers={"HX-Request": "true"})
    assert f'<option value="{ivan}" selected>' in part.text


def test_who_was_erased_or_never_there_is_not_shown(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    with transaction(site.engine) as session:
        gone = ensure_person(session, Known(email="gone@example.com", locale="en"), site.clock.now())
    assert "There is no such person" in marketer.get(f"{path}/seen?person={gone + 5}").text
    assert marketer.get(f"{path}/preview?person={gone + 5}").status_code == 404
    assert marketer.get(f"{path}/preview?person={10**30}").status_code == 422
    assert marketer.get(f"{path}/preview?person=x").status_code == 422
    assert marketer.get(f"{path}/preview?width=huge").status_code == 422
    assert marketer.get(f"{path}/preview?locale=xx&arm=Z").status_code == 200


def test_an_address_keeps_what_was_chosen() -> None:
    asked = Seen(locale="ru", scheme="dark", person=7)
    assert asked.query(width="phone") == "locale=ru&width=phone&kind=html&scheme=dark&person=7"
    assert "person" not in asked.query(person=None)


def test_reps_have_no_business_here(client_as: ClientAs) -> None:
    path = draft(client_as("marketer"))
    rep = client_as("rep")
    for place in ("seen", "preview", "checks"):
        assert rep.get(f"{path}/{place}").status_code == 403


@pytest.mark.browser
@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("width", [390, 1440])
def test_looking_around_with_a_mouse(client_as: ClientAs, page_as: PageAs, width: int) -> None:
    path = draft(client_as("marketer"))
    page = page_as("marketer", width=width, theme="dark" if width == 390 else "light")
    page.goto(f"{path}/review")
    page.get_by_role("link", name="Русский").click()
    page.locator("iframe[src*='locale=ru']").wait_for()
    page.get_by_role("link", name="Dark", exact=True).click()
    page.locator("iframe[src*='scheme=dark']").wait_for()
    page.get_by_role("link", name="Phone", exact=True).click()
    page.locator("iframe.phone[src*='scheme=dark']").wait_for()
    page.get_by_label("As seen by").select_option(label="Иван Петров, RU")
    page.locator("iframe[src*='person=']").wait_for()
    assert "Иван Петров" in page.frame_locator("iframe.mail").locator("body").inner_text()
    page.get_by_text("Somebody else").click()
    page.get_by_label("Their exact e-mail address").fill("ana@example.com")
    page.get_by_role("button", name="Show as they see it").click()
    page.locator("iframe[src*='locale=pt_BR']").wait_for()
    page.locator("li[hx-get$='/checks']").wait_for(state="detached")
    axe(page)
    no_sideways_scroll(page)
