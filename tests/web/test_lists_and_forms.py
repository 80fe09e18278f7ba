"""The marketers' pages of lists and forms."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.locales import LOCALES
from growth.people.identity import Known, ensure_person
from growth.people.permission import forms, lists
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site
from tests.web.signing_up import SHOP, TEXTS, Visitor, add_form, add_list, rows

LIST = {"key": "product_news", "side": "buyer", "names": ["News", "Новости", "", "新品"], "public": "true"}


def form_of(list_id: int = 1, **more: Any) -> dict[str, Any]:
    """What the editor sends."""
    parts = {part: [TEXTS.get(locale, {}).get(part, "") for locale in LOCALES] for part in forms.PARTS}
    same = {"key": "news", "name": "Start page", "list_id": list_id, "origins": f"{SHOP}\n", "always_confirms": "true"}
    return {**same, **parts, **more}


def test_a_list_is_made_changed_put_away_and_taken_back(client_as: ClientAs, site: Site) -> None:
    client = client_as("marketer")
    assert "No list yet" in client.get("/lists").text
    made = client.post("/lists", data=LIST)
    assert made.status_code == 303
    path = made.headers["location"]
    assert "Новости" in client.get(path).text
    changed = {"names": ["Other news"], "descriptions": ["About products"]}
    assert client.post(path, data=changed).status_code == 303
    assert rows(site, "select names, descriptions, public from mailing_list") == [
        ({"en": "Other news"}, {"en": "About products"}, False)
    ]
    assert client.post(f"{path}/archive").headers["location"] == "/lists"
    assert "Other news" in client.get("/lists?archived=true").text
    assert "Other news" not in client.get("/lists").text
    assert client.post(f"{path}/restore").status_code == 303
    actions = [one.action for one in rows(site, "select action from audit_log order by id")]
    assert actions == ["list.create", "list.change", "list.archive", "list.restore"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": "Ünews"}, "key"),
        ({"key": ""}, "key"),
        ({"names": ["", "Новости"]}, "names_en"),
        ({"names": ["x" * 81]}, "names_en"),
        ({"descriptions": ["", "", "", "x" * 301]}, "descriptions_zh_CN"),
    ],
)
def test_a_wrong_list_is_said_beside_its_field(client_as: ClientAs, wrong: dict[str, Any], field: str) -> None:
    answer = client_as("marketer").post("/lists", data=LIST | wrong)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_key_is_there_once(client_as: ClientAs) -> None:
    client = client_as("marketer")
    assert client.post("/lists", data=LIST).status_code == 303
    assert "There is a list with this key already" in client.post("/lists", data=LIST).text


def test_a_list_and_its_forms_lead_to_each_other(client_as: ClientAs, site: Site, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        found = add_list(session, clock)
        form = add_form(session, clock)
        to_list, to_form = f'href="/lists/{found.id}"', f'href="/forms/{form.id}"'
    client = client_as("marketer")
    assert to_form in client.get(to_list[6:-1]).text
    assert to_list in client.get(to_form[6:-1]).text
    assert to_list in client.get("/forms").text
    assert client.post(f"{to_form[6:-1]}/archive").status_code == 303
    assert "No open form leads to it." in client.get(to_list[6:-1]).text


def test_members_page_by_page(client_as: ClientAs, site: Site, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        found = add_list(session, clock)
        for number in range(60):
            person = ensure_person(session, Known(email=f"p{number}@example.com", name="陈" * 40), clock.now())
            lists.subscribe(session, found.id, person, source="form news", now=clock.now())
        lists.leave(session, found.id, person, source="preferences", now=clock.now())
    client = client_as("manager")
    first = client.get(f"/lists/{found.id}").text
    assert "59 subscribed" in first
    assert first.count("data-row") == 50
    assert "p59@example.com" not in first
    after = first.split("?after=")[1].split('"')[0]
    assert client.get(f"/lists/{found.id}?after={after}").text.count("data-row") == 9


def test_a_form_says_something_already_and_is_saved_with_a_version(
    client_as: ClientAs, site: Site, clock: FixedClock
) -> None:
    with transaction(site.engine) as session:
        add_list(session, clock)
    client = client_as("marketer")
    fresh = client.get("/forms/new").text
    assert "Get “Product news” by e-mail" in fresh
    made = client.post("/forms", data=form_of())
    assert made.status_code == 303
    path = made.headers["location"]
    assert client.post(path, data=form_of(version="1", asks_country="true")).status_code == 303
    assert rows(site, "select version, asks_country from sign_up_form") == [(2, True)]
    late = client.post(path, data=form_of(version="1", name="Mine"))
    assert late.status_code == 409
    assert client.post(path, data=form_of(version="2", asks_country="true")).status_code == 303
    assert rows(site, "select version from sign_up_form") == [(2,)]  # nothing changed
    said = rows(site, "select detail->'texts'->'en'->>'wording' from audit_log where action = 'form.change'")
    assert said == [(TEXTS["en"]["wording"],)]
    page = client.get(path).text
    assert "&lt;form class=" in page
    assert client.post(f"{path}/archive").status_code == 303
    assert client_as(None).get("/f/news").status_code == 404
    assert client.post(f"{path}/restore").status_code == 303
    assert client_as(None).get("/f/news").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": "News"}, "key"),
        ({"name": ""}, "name"),
        ({"list_id": "99"}, "list_id"),
        ({"wording": ["", "x"]}, "wording_en"),
        ({"heading": ["x", ""], "wording": ["x", "да"]}, "heading_ru"),
        ({"wording": ["x" * 2_001]}, "wording_en"),
        ({"origins": "shop.example"}, "origins"),
        ({"origins": "https://a;b.example"}, "origins"),
        ({"origins": "javascript:alert(1)"}, "origins"),
        ({"thanks_url": "https://evil.example/thanks"}, "thanks_url"),
        ({"thanks_url": f"{SHOP}/a b"}, "thanks_url"),
    ],
)
def test_a_wrong_form_is_said_beside_its_field(
    client_as: ClientAs, site: Site, clock: FixedClock, wrong: dict[str, Any], field: str
) -> None:
    with transaction(site.engine) as session:
        add_list(session, clock)
    answer = client_as("marketer").post("/forms", data=form_of(**wrong))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_form_is_for_one_of_several_lists(client_as: ClientAs, site: Site, clock: FixedClock) -> None:
    client = client_as("marketer")
    assert "there is none yet" in client.get("/forms/new").text
    with transaction(site.engine) as session:
        add_list(session, clock)
        second = add_list(session, clock, "second")
    assert f"/forms/new?list={second.id}" in client.get("/forms/new").text
    assert 'name="wording"' in client.get(f"/forms/new?list={second.id}").text


def test_how_far_those_who_were_asked_came(client_as: ClientAs, site: Site, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        form = add_form(session, clock)
    visitor = Visitor(site)
    for number in range(3):
        visitor.send(f"p{number}@example.com")
    clock.moment += timedelta(days=5)
    visitor.send("late@example.com")
    with transaction(site.engine) as session:
        found = forms.funnels(session, [form.id], clock.now())[form.id]
    assert (found.asked, found.confirmed, found.expired, found.waiting) == (4, 0, 3, 1)
    assert "127.0.0.0/24" in client_as("manager").get(f"/forms/{form.id}").text


@pytest.mark.parametrize(
    "path", ["/lists/{}", "/forms/{}", "/forms/{}/edit", "/lists/1?after={}", "/forms/new?list={}"]
)
@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "x", "9223372036854775807"])
def test_strange_numbers_are_answered_in_words(client_as: ClientAs, path: str, number: str) -> None:
    assert client_as("marketer").get(path.format(number)).status_code in {200, 404, 422}


def test_managers_look_and_reps_do_not(client_as: ClientAs, site: Site, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        form = add_form(session, clock)
    for path in ("/lists", "/forms", f"/forms/{form.id}"):
        assert client_as("manager").get(path).status_code == 200
        assert client_as("rep").get(path).status_code == 403
    assert client_as("manager").post(f"/forms/{form.id}/archive").status_code == 403
    assert client_as("manager").get("/forms/new").status_code == 403


def look(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        no_sideways_scroll(page)
    assert page.locator("h1").count() == 1
    assert page.locator(".button.primary:visible").count() <= 1


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_filled_and_long(page_as: PageAs, site: Site, clock: FixedClock, theme: str) -> None:
    with transaction(site.engine) as session:
        topic = lists.Topic(names={"en": "Long" * 20}, descriptions={"en": "About " * 40}, public=True)
        long = lists.create(session, "l" * 40, "seller", topic, actor="m", now=clock.now())
        person = ensure_person(session, Known(email=f"{'x' * 60}@example.com", name="Д" * 60), clock.now())
        lists.subscribe(session, long.id, person, source="form " + "n" * 40, now=clock.now())
        form = add_form(session, clock, name="N" * 80, asks_country=True)
    Visitor(site).send("ana@example.com")
    page = page_as("marketer", theme=theme)
    for path in (
        "/lists",
        f"/lists/{long.id}",
        "/lists/new",
        "/forms",
        f"/forms/{form.id}",
        f"/forms/{form.id}/edit",
        "/forms/new",
    ):
        look(page, path)


@pytest.mark.browser
def test_from_a_new_list_to_an_open_form_by_mouse(page_as: PageAs) -> None:
    page = page_as("marketer", javascript=False)
    page.goto("/lists")
    page.get_by_role("link", name="New list").click()
    page.get_by_role("textbox", name="Key").fill("weekly")
    page.get_by_label("Name").first.fill("Weekly news")
    page.get_by_role("button", name="Make list").click()
    page.get_by_text("The list is made.").wait_for()
    page.get_by_role("link", name="Make a form for it").click()
    page.get_by_role("button", name="Make form").click()
    page.get_by_text("The form is made.").wait_for()
    page.get_by_role("link", name="Open form").click()
    page.get_by_role("button", name="Subscribe").wait_for()
