"""The attribution page: what counts, another model beside it, and adopting it."""

import os
import re
from uuid import UUID

import pytest
from sqlalchemy import select

from growth.attribution.adopting import recount
from growth.attribution.records import AttributionVersion, Touch
from growth.attribution.retelling import retell
from growth.database.engine import transaction
from tests.attribution.happened import GOOGLE, PAID, PARTNER, credit_all, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

LINEAR = {"model": "linear", "clicks": "30", "views": "0", "half_life": "7", "order": "1", "side": "buyer"}


@pytest.fixture
def sales(site: Site) -> None:
    """Ten buyers by three channels each, with orders of $10.01."""
    from datetime import timedelta

    day = timedelta(days=1)
    for number, buyer in enumerate(people(site.engine, NOON, 10, country="BR")):
        happen(
            site.engine, NOON,
            *(happening(f"{number}{at}", NOON - at * day, properties=came, person_id=buyer)
              for at, came in ((9, GOOGLE), (5, PARTNER), (3, PAID))),
            happening(f"r{number}", NOON - 4 * day, kind="registration", person_id=buyer),
            happening(f"o{number}", NOON - day, kind="order", person_id=buyer, properties=sold(f"{number}", 1001)),
        )  # fmt: skip
    credit_all(site.engine, NOON)


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.usefixtures("sales")
def test_another_model_stands_beside_what_counts_and_a_manager_adopts_it(site: Site, client_as: ClientAs) -> None:
    manager = client_as("manager")
    text = plain(manager.get("/attribution").text)
    assert "What counts now Last contact" in text
    assert "Side by side" not in text
    text = plain(manager.get("/attribution", params=LINEAR).text)
    assert "Equal parts, over 20 conversions of the last 28 days" in text
    assert "Search (SEO) 0.0 5.0 0.0 3.3 $0 $33 +$33" in text
    assert "All 10.0 10.0 10.0 10.0 $100 $100" in text
    assert "Adopt this model" not in client_as("marketer").get("/attribution", params=LINEAR).text
    assert client_as("marketer").post("/attribution/adopt", data=LINEAR | {"after": "1"}).status_code == 403
    assert manager.post("/attribution/adopt", data=LINEAR | {"after": "1", "since": "all"}).status_code == 303
    text = plain(manager.get("/attribution").text)
    assert "What counts now Equal parts" in text
    assert "Earlier conversions are being credited anew." in text
    with transaction(site.engine) as session:
        recount(session, NOON, None, 100)
    assert "being credited anew" not in manager.get("/attribution").text
    again = manager.post("/attribution/adopt", data=LINEAR | {"after": "1"})
    assert again.status_code == 409
    assert "Somebody else has adopted another model meanwhile." in again.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"model": "best"}, "Choose one of the models."),
        ({"clicks": "many"}, "Give a whole number."),
        ({"clicks": "0"}, "Give days from 1 to 730."),
        ({"views_seo": "9999999999"}, "Give a whole number."),
        ({"clicks_seo": "731"}, "Give days from 0 to 730."),
        ({"order": "7"}, "The order is 1, 2 or 3."),
    ],
)
def test_nonsense_is_answered_beside_its_field(client_as: ClientAs, wrong: dict[str, str], words: str) -> None:
    manager = client_as("manager")
    for answer in (
        manager.get("/attribution", params=LINEAR | wrong),
        manager.post("/attribution/adopt", data=LINEAR | wrong | {"after": "1"}),
    ):
        assert answer.status_code == 422
        assert words in answer.text


def test_an_unknown_side_or_period_falls_back_and_sellers_have_their_own_windows(client_as: ClientAs) -> None:
    manager = client_as("manager")
    assert manager.get("/attribution?side=fish&days=9").status_code == 200
    assert "180 days" in plain(manager.get("/attribution?side=seller").text)


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_it_can_be_read_and_used(page_as: PageAs, width: int, theme: str) -> None:
    page = page_as("manager", width=width, theme=theme)
    page.goto("/attribution")
    page.get_by_label("Model", exact=True).select_option("shapley")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Side by side").wait_for()
    axe(page)
    no_sideways_scroll(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/attribution-{width}.png", full_page=True)
    page.get_by_role("button", name="Adopt this model").click()
    page.get_by_text("gives the credit").wait_for()
    axe(page)


@pytest.mark.usefixtures("sales")
def test_it_works_without_javascript(site: Site, page_as: PageAs) -> None:
    page = page_as("manager", javascript=False)
    page.goto("/attribution?" + "&".join(f"{name}={text}" for name, text in LINEAR.items()))
    page.get_by_label("Which conversions").select_option("28")
    page.get_by_role("button", name="Adopt this model").click()
    page.get_by_text("What counts now").wait_for()
    with transaction(site.engine) as session:
        assert session.query(AttributionVersion).one().model == "linear"


def rule_fields(page: str) -> dict[str, str]:
    """All fields of the rules form as a browser would send them."""
    fields = dict(re.findall(r'<input[^>]* name="((?!drop)[a-z]+(?:_\d+)*)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', page):
        fields[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    return fields


@pytest.mark.usefixtures("sales")
def test_rules_are_previewed_saved_and_hold_from_then_on(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    fields = rule_fields(marketer.get("/attribution/rules").text)
    new = str(int(fields["rows"]) - 1)
    assert fields[f"name_{new}"] == ""
    fields |= {f"place_{new}": "5", f"name_{new}": "Our own ads", f"field_{new}_0": "medium",
               f"values_{new}_0": "CPC,  x", "days": "28"}  # fmt: skip
    shown = marketer.post("/attribution/rules/preview", data=fields)
    text = plain(shown.text)
    assert "10 of 30 contacts of the last 28 days would belong elsewhere." in text
    assert (
        "For these days too, 10 touches would move. The credit of 10 of 10 conversions after them would move." in text
    )
    assert "Paid search 10 0 -10" in text
    assert "Other sites 0 10 +10" in text
    assert marketer.post("/attribution/rules", data=rule_fields(shown.text)).status_code == 303
    assert "Version 2, saved" in plain(marketer.get("/attribution/rules").text)
    assert marketer.post("/attribution/rules", data=fields).status_code == 409
    (buyer,) = people(site.engine, NOON, 1)
    happen(site.engine, NOON, happening("later", NOON, properties=PAID, person_id=buyer))
    credit_all(site.engine, NOON)
    with transaction(site.engine) as session:
        by_version = session.query(Touch.channel, Touch.rules_version).filter(
            Touch.channel.in_(["other", "paid_search"])
        )
        assert set(by_version) == {("paid_search", 1), ("other", 2)}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"place_0": "first"}, "Give a whole number."),
        ({"field_1_0": "moon"}, "Choose what the rule looks at."),
        ({"operator_1_0": "moon"}, "This can&#39;t be asked of it."),
        ({"field_5_1": "referrer"}, "Give what it should be"),
        ({"values_2_0": " , "}, "Give what it should be"),
        ({"values_0_0": "sale"}, "What happened may be: page_view"),
        ({"buyer_3": "members"}, "Choose a channel."),
        ({"values_4_0": "x" * 500}, "Give what it should be"),
        ({"days": "9999999999"}, "Give days from 1 to 730."),
    ],
)
def test_rules_that_can_t_be_are_answered_beside_their_field(
    client_as: ClientAs, wrong: dict[str, str], words: str
) -> None:
    marketer = client_as("marketer")
    fields = rule_fields(marketer.get("/attribution/rules").text) | wrong
    for path in ("/attribution/rules", "/attribution/rules/preview"):
        answer = marketer.post(path, data=fields | {"past": "too"})
        assert answer.status_code == 422
        assert words in answer.text
        (field,) = wrong
        assert f'id="{field.replace("field_5", "values_5")}-error"' in answer.text


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_the_rules_can_be_read_and_changed(site: Site, page_as: PageAs, width: int, theme: str) -> None:
    page = page_as("marketer", width=width, theme=theme)
    page.goto("/attribution/rules")
    axe(page)
    no_sideways_scroll(page)
    page.get_by_label("Remove Ad clicks").check()
    page.get_by_text("And also Paid search by tag").click()
    page.get_by_label("What Paid search by tag looks at, 2").select_option("landing")
    page.get_by_label("Values of Paid search by tag, 2").fill("/nowhere")
    page.get_by_label("Which contacts").select_option("too")
    page.get_by_label("Last days").fill("30")
    axe(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("heading", name="What would change").wait_for()
    axe(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/rules-{width}.png", full_page=True)
    page.get_by_role("button", name="Save these rules").click()
    page.get_by_text("Version 2 of the rules is saved.").wait_for()
    page.get_by_text("are being told anew by version 2").wait_for()
    axe(page)
    with transaction(site.engine) as session:
        retell(session, NOON, None, 100)
        assert set(session.scalars(select(Touch.kind).where(Touch.channel == "paid_search"))) == {"none"}
    page.reload()
    assert page.get_by_label("Values of Paid search by tag, 2").input_value() == "/nowhere"
    assert "told anew by version" not in page.content()


def test_a_browser_that_is_not_theirs_is_taken_back_on_the_person_s_page(
    site: Site, client_as: ClientAs, page_as: PageAs
) -> None:
    (buyer,), visitor = people(site.engine, NOON, 1), UUID(int=77)
    happen(
        site.engine, NOON,
        happening("a", NOON, properties=GOOGLE, visitor=visitor),
        happening("b", NOON, visitor=visitor, person_id=buyer, properties={}),
    )  # fmt: skip
    credit_all(site.engine, NOON)
    page = page_as("marketer", width=390)
    page.goto(f"/people/{buyer}")
    axe(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Browser 00000000 is not theirs").click()
    page.get_by_text("This browser no longer counts as theirs.").wait_for()
    with transaction(site.engine) as session:
        assert session.query(Touch.person_id).all() == [(None,)]
    page.get_by_role("button", name="Browser 00000000 is theirs").click()
    page.get_by_text("This browser counts as theirs again.").wait_for()
    with transaction(site.engine) as session:
        assert session.query(Touch.person_id).all() == [(buyer,)]
    marketer = client_as("marketer")
    assert marketer.post(f"/people/{buyer + 1}/browsers/{visitor}/separate").status_code == 404
    assert client_as("manager").post(f"/people/{buyer}/browsers/{visitor}/separate").status_code == 403
