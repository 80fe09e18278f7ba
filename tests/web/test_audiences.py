"""Pages of audiences: conditions added, counted, saved, compared; beside others, without a script, by strangers."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import orjson
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from growth.campaigns.audiences import saving
from growth.campaigns.audiences.reading import conditions_of
from growth.campaigns.audiences.records import Audience
from growth.database.engine import transaction
from growth.events.ingest import NewEvent, ingest
from growth.people.records import Person
from tests.campaigns.sending import add_people
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

RUSSIA = {"all": [{"field": "country", "op": "in", "value": ["RU"]}]}


def people(site: Site) -> None:
    """Three in Russia, one of whom joined long ago, and two in Brazil."""
    with transaction(site.engine) as session:
        now = site.clock.now()
        add_people(session, 2, now, country="RU", locale="ru", name="Анна", prefix="r")
        add_people(session, 1, now - timedelta(days=400), country="RU", locale="ru", prefix="o")
        add_people(session, 2, now, country="BR", locale="pt_BR", prefix="b")


def saved(site: Site, name: str = "Russia", conditions: object = RUSSIA) -> int:
    with transaction(site.engine) as session:
        return saving.create(session, name=name, conditions=conditions, actor="test", now=site.clock.now()).id


@pytest.mark.browser
def test_an_audience_is_made_counted_and_saved_by_hand(site: Site, page_as: PageAs) -> None:
    people(site)
    page = page_as("marketer")
    page.goto("/audiences")
    page.get_by_role("link", name="New audience").click()
    expect(page.locator("#count")).to_contain_text("5 people")
    page.get_by_role("button", name="Add a condition").click()
    about = page.get_by_label("Condition 1: about what")
    expect(about).to_be_focused()
    about.select_option("country")
    page.get_by_label("Countries").fill("Russia, BR")
    expect(page.locator("#count")).to_contain_text("5 people")
    page.get_by_label("Countries").fill("Russia")
    expect(page.locator("#count")).to_contain_text("3 people")
    expect(page.locator("#count")).to_contain_text("Анна")
    expect(page).to_have_url(re.compile("RU"))
    page.get_by_role("button", name="Add a group").click()
    expect(page.get_by_label("Condition 2.1: about what")).to_be_focused()
    page.get_by_label("Condition 2.1: about what").select_option("joined")
    expect(page.get_by_label("Days")).to_have_value("30")
    page.get_by_label("Condition 2.1: whether").select_option("not_within")
    expect(page.locator("#count")).to_contain_text("1 person")
    page.get_by_role("button", name="Add a condition").last.click()
    page.get_by_label("Condition 3: about what").select_option("custom_event")
    expect(page.get_by_label("Its name")).to_have_value("basket")
    page.get_by_label("Its name").fill("wish list")
    expect(page).to_have_url(re.compile("wish"))
    page.get_by_role("button", name="Take out condition 3").click()
    page.get_by_text("Show the SQL").click()
    assert "array['RU']" in page.locator("#count pre").inner_text()
    page.get_by_label("Name").fill("Russia, long known")
    page.get_by_role("button", name="Save audience").click()
    page.get_by_text("“Russia, long known” is saved.").wait_for()
    with transaction(site.engine) as session:
        made = session.scalars(select(Audience)).one()
        assert conditions_of(session, made)["all"][1] == {"any": [{"field": "joined", "op": "not_within", "value": 30}]}


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_editor_is_for_everyone(site: Site, page_as: PageAs, width: int, theme: str) -> None:
    people(site)
    tree = {
        "all": [
            *RUSSIA["all"],
            {"field": "event", "op": "did_not", "value": {"kind": "order", "times": 3, "days": 90}},
            {"field": "spent", "op": "at_least", "value": {"amount_minor": 12_345, "currency": "USD", "days": None}},
            {"field": "language", "op": "in", "value": ["ru", "en"]},
            {"not": {"any": [{"field": "joined_day", "op": "since", "value": "2026-11-01"}, {"not": {"all": []}}]}},
        ]
    }
    number = saved(site, "Очень длинное имя " * 6, tree)
    page = page_as("marketer", width=width, theme=theme)
    page.goto(f"/audiences/{number}")
    expect(page.locator("#count")).to_contain_text("people")
    page.get_by_text("Show the SQL").click()
    axe(page)
    no_sideways_scroll(page)
    page.goto("/audiences")
    axe(page)
    no_sideways_scroll(page)


@pytest.mark.browser
def test_all_of_it_works_without_a_script(site: Site, page_as: PageAs) -> None:
    people(site)
    page = page_as("marketer", javascript=False)
    page.goto("/audiences/new")
    page.get_by_label("Name").fill("By hand")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Condition 1: about what").select_option("country")
    page.get_by_role("button", name="Show what goes with a new choice").click()
    page.get_by_label("Countries").fill("Россия, Brazil, ZZ")
    page.get_by_role("button", name="Count", exact=True).click()
    assert "isn't on offer here" in page.locator("#count").inner_text()
    page.get_by_label("Countries").fill("Brazil")
    page.get_by_role("button", name="Count", exact=True).click()
    assert "2 people" in page.locator("#count").inner_text()
    assert page.get_by_label("Name").input_value() == "By hand"
    page.get_by_label("Name").press("Enter")
    page.get_by_text("“By hand” is saved.").wait_for()
    page.get_by_role("button", name="Take out condition 1").click()
    page.get_by_role("button", name="Count", exact=True).click()
    assert "5 people" in page.locator("#count").inner_text()


def test_a_link_carries_conditions_that_arent_saved(site: Site, client_as: ClientAs) -> None:
    people(site)
    client = client_as("marketer")
    answer = client.post("/audiences/new", data={"c.group": "all", "do": "add:c", "name": "N"})
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert orjson.loads(asked["c"][0])["all"][0]["field"] == "event"
    assert asked["name"] == ["N"]
    shown = client.get("/audiences/new", params={"c": orjson.dumps(RUSSIA).decode(), "counted": "true"})
    assert "3</b> people" in shown.text
    assert 'value="Russia"' in shown.text


def test_two_who_save_get_the_difference_and_a_choice(site: Site, client_as: ClientAs) -> None:
    number = saved(site)
    client = client_as("marketer")
    form = {"name": "Russia", "version": "1", "c.group": "all", "c.0.field": "country", "c.0.was": "country"}
    assert client.post(f"/audiences/{number}", data=form | {"c.0.v.countries": "BR"}).status_code == 303
    answer = client.post(f"/audiences/{number}", data=form | {"c.0.v.countries": "US"})
    assert answer.status_code == 409
    assert "in Brazil" in answer.text
    assert "in United States" in answer.text
    kept = client.post(f"/audiences/{number}", data=form | {"c.0.v.countries": "US", "version": "2"})
    assert kept.status_code == 303
    older = client.get(f"/audiences/{number}/versions/1")
    assert "in Russia" in older.text
    assert client.post(f"/audiences/{number}/versions/1/restore", data={"version": "2"}).status_code == 409
    assert client.post(f"/audiences/{number}/versions/1/restore", data={"version": "3"}).status_code == 303
    with transaction(site.engine) as session:
        assert conditions_of(session, session.get_one(Audience, number)) == RUSSIA


def test_archived_and_brought_back(site: Site, client_as: ClientAs) -> None:
    number, client = saved(site), client_as("marketer")
    assert client.post(f"/audiences/{number}/archive").status_code == 303
    assert f'href="/audiences/{number}"' not in client.get("/audiences").text
    assert f"/audiences/{number}" in client.get("/audiences", params={"archived": "true"}).text
    assert client.post(f"/audiences/{number}/bring-back").status_code == 303
    copy = client.post(f"/audiences/{number}/duplicate").headers["location"]
    assert "Russia (2)" in client.get(copy).text
    assert "Russia (2)" in client.get("/audiences", params={"find": "a (2"}).text
    assert "No audience fits" in client.get("/audiences", params={"find": "%"}).text


@pytest.mark.parametrize(
    "c",
    [
        "no json",
        "[]",
        '{"all": 1}',
        '{"all": [{"field": "country", "op": "in", "value": {"a": [1]}}]}',
        '{"all": [{"field": "spent", "op": "at_least", "value": {"amount_minor": 1e300, "currency": ["x"]}}]}',
        '{"all": [{"field": "joined_day", "op": "since", "value": "9999-12-31T23:59:59-23:59"}]}',
        '{"all": [{"field": "message", "op": "did", "value": {"campaigns": [{}], "step": {}}}]}',
        '{"not": ' * 200 + "1" + "}" * 200,
        '{"all": [{"field": "province", "op": "in", "value": ["\\u0000"]}]}',
        '{"all": [{"field": "audience", "op": "in", "value": [99999999999999999999]}]}',
    ],
)
def test_any_link_is_answered_in_words(site: Site, client_as: ClientAs, c: str) -> None:
    answer = client_as("marketer").get("/audiences/new", params={"c": c, "counted": "true"})
    assert answer.status_code == 200
    assert site.url


@pytest.mark.parametrize(
    "form",
    [
        {"c.group": "nothing"},
        {"c.0.field": "country"},
        {"c.group": "all", "c.0.field": "spent", "c.0.was": "spent", "c.0.v.amount_minor": "1e999999"},
        {"c.group": "all", "c.0.field": "spent", "c.0.was": "spent", "c.0.v.amount_minor": "NaN"},
        {"c.group": "all", "c.0.field": "joined", "c.0.was": "joined", "c.0.v.days": "9" * 5000},
        {"c.group": "all", "c.0.field": "audience", "c.0.was": "audience", "c.0.v.audiences": "9" * 18},
        {"c.group": "all", "c.0.field": "province", "c.0.was": "province", "c.0.v.provinces": "\0; drop table person"},
        {"c.group": "all", "do": "remove:c.9.9.9"},
        {"c.group": "all", "do": "add:x.1.-3"},
        {"c" + ".0" * depth + ".group": "any" for depth in range(30)},
    ],
)
def test_any_form_is_answered_in_words(site: Site, client_as: ClientAs, form: dict[str, str]) -> None:
    client = client_as("marketer")
    for path in ("/audiences/count", "/audiences/editor", "/audiences/new"):
        answer = client.post(path, data=form | {"name": "Hostile", "page": "/audiences/new"})
        assert answer.status_code in {200, 303, 422}, path
    assert site.url


def test_what_there_is_is_suggested_where_it_is_typed(site: Site, client_as: ClientAs) -> None:
    """Only beside the conditions that ask for it; a name from a site is shown as it is, whatever is in it."""
    now = site.clock.now()
    odd = 'basket"><script>'
    with transaction(site.engine) as session:
        (person,) = add_people(session, 1, now, country="RU", locale="ru", prefix="z")
        session.get_one(Person, person).time_zone = "Europe/Moscow"
        event = NewEvent(occurred_at=now, event_id=uuid4(), kind="custom", source="shop", side="buyer")
        event.person_id, event.properties = person, {"name": odd}
        ingest(session, [event], now)
    marketer = client_as("marketer")
    zone = {"field": "time_zone", "op": "in", "value": []}
    own = {"field": "custom_event", "op": "did", "value": {"name": "x", "times": 1, "days": 30}}
    page = marketer.get("/audiences/new", params={"c": orjson.dumps({"all": [zone, own]}).decode()}).text
    assert '<option value="Europe/Moscow">' in page
    assert '<option value="basket&#34;&gt;&lt;script&gt;">' in page
    assert page.count('list="known-') == page.count('<datalist id="known-') == 2
    assert "known-" not in marketer.get("/audiences/new").text


@pytest.mark.browser
def test_suggestions_go_on_after_a_comma(site: Site, page_as: PageAs) -> None:
    people(site)
    page = page_as("marketer")
    country = {"field": "country", "op": "in", "value": ["RU"]}
    page.goto("/audiences/new?c=" + quote(orjson.dumps({"all": [country]}).decode()))
    first = page.locator("#country-names option").first
    alone = first.get_attribute("value")
    page.get_by_label("Countries").fill("Russia, ")
    expect(first).to_have_attribute("value", f"Russia, {alone}")
    page.get_by_label("Countries").fill(f"Russia, {alone}, B")
    expect(first).to_have_attribute("value", f"Russia, {alone}, {alone}")
    page.get_by_label("Countries").fill("B")
    expect(first).to_have_attribute("value", alone or "")
