"""The page that sends a test of a campaign to colleagues."""

import pytest
from sqlalchemy import select

from growth.campaigns.letters.records import Letter
from growth.database.engine import transaction
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import LONG, draft, people, provider
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

__all__ = ["people", "provider"]


def letters(site: Site) -> list[tuple[str, str]]:
    with transaction(site.engine) as session:
        return [(one.kind, one.locale) for one in session.scalars(select(Letter).order_by(Letter.id))]


@pytest.mark.usefixtures("people")
def test_it_says_what_is_wrong_and_keeps_what_was_typed(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    wrong = marketer.post(f"{path}/test", data={"others": "a stranger@nowhere.example", "locales": "ru"})
    assert wrong.status_code == 422
    assert 'value="a stranger@nowhere.example"' in wrong.text
    assert 'aria-describedby="others-error"' in wrong.text
    assert marketer.post(f"{path}/test", data={"to": "rep@example.com"}).status_code == 422
    for odd in ({"person": "x"}, {"person": "9" * 30}, {"locales": "xx", "to": "rep@example.com"}):
        assert marketer.post(f"{path}/test", data=odd).status_code == 422
    assert (
        marketer.post(f"{path}/test", data={"to": "rep@example.com", "locales": "en", "person": "999"}).status_code
        == 422
    )
    assert letters(site) == []
    assert marketer.get(f"{path}/test?person=999").status_code == 404
    assert client_as("manager").get(f"{path}/test").status_code == 403
    assert client_as("manager").post(f"{path}/test").status_code == 403


@pytest.mark.usefixtures("people")
def test_colleagues_get_it(site: Site, client_as: ClientAs) -> None:
    marketer = client_as("marketer")
    path = draft(marketer)
    asked = {"to": "rep@example.com", "others": "Admin@example.com; marketer@example.com", "locales": ["en", "zh_CN"]}
    answer = marketer.post(f"{path}/test", data=asked | {"person": ""})
    assert answer.status_code == 303
    assert letters(site) == [("test", "en"), ("test", "zh_CN")] * 3


@pytest.mark.browser
@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("width", [390, 1440])
def test_by_keyboard_at_any_width(site: Site, client_as: ClientAs, page_as: PageAs, width: int) -> None:
    path = draft(client_as("marketer"), LONG)
    page = page_as("marketer", width=width, theme="dark" if width == 390 else "light")
    page.goto(f"{path}/test")
    axe(page)
    no_sideways_scroll(page)
    page.get_by_label("Русский").press("Space")
    page.get_by_label("As seen by").select_option(label="Иван Петров, RU")
    page.get_by_role("button", name="Send the test").press("Enter")
    page.get_by_text("Test letters on their way: 2.").wait_for()
    assert letters(site) == [("test", "en"), ("test", "ru")]
