"""What a message's step says of the languages it isn't offered in: who reads one of them gets nothing."""

import pytest

from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import countries, draft, people, provider
from tests.web.conftest import ClientAs, PageAs
from tests.web.test_templates import form

__all__ = ["people", "provider"]

MESSAGE = "welcome_buyer"
NEW = '{{ _("Nobody has translated this") }}\nx'


@pytest.mark.usefixtures("people")
def test_a_message_in_all_languages_says_nothing(client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = draft(client)
    assert "isn&#39;t offered" not in client.get(f"{path}/message").text
    assert "isn&#39;t offered" not in client.get(f"{path}/unserved").text


@pytest.mark.usefixtures("people")
def test_languages_it_lacks_are_named_with_their_readers(client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = draft(client)
    client.post(f"/templates/{MESSAGE}", data=form(subject=NEW))
    page = client.get(f"{path}/message").text
    assert "isn't offered in Русский, Português (Brasil), 简体中文" in page
    assert f'hx-get="{path}/unserved"' in page
    part = client.get(f"{path}/unserved", headers={"hx-request": "true"}).text
    assert "1 person of the audience reads Русский" in part
    assert "1 person of the audience reads Português" in part
    assert "简体中文." not in part.partition("English one.")[2]
    client.post(f"{path}/audience", data={**countries("US"), "version": "1", "purpose": "marketing"})
    assert "hx-get" not in part
    part = client.get(f"{path}/unserved", headers={"hx-request": "true"}).text
    assert "Nobody in the audience does" in part


@pytest.mark.usefixtures("people")
def test_the_review_warns_of_them(client_as: ClientAs) -> None:
    client = client_as("marketer")
    path = draft(client)
    assert "offered in a language they read" not in client.get(f"{path}/review?counted=true").text
    client.post(f"/templates/{MESSAGE}", data=form(subject=NEW))
    review = client.get(f"{path}/review?counted=true").text
    assert "offered in a language they read: 3." in review  # two by the message, one of no language of ours
    assert "Write its sentences in Русский, Português (Brasil), 简体中文." in review


@pytest.mark.browser
@pytest.mark.usefixtures("people")
def test_it_is_counted_as_the_step_is_shown(client_as: ClientAs, page_as: PageAs) -> None:
    client = client_as("marketer")
    path = draft(client)
    client.post(f"/templates/{MESSAGE}", data=form(subject=NEW))
    page = page_as("marketer", width=390)
    page.goto(f"{path}/message")
    page.get_by_text("1 person of the audience reads Русский").wait_for()
    no_sideways_scroll(page)
    axe(page)
