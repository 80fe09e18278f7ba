"""Messages on their pages: edited beside their preview, saved as versions, compared, restored, put away."""

import orjson
import pytest
from sqlalchemy import text

from growth.campaigns.messages.sources import shipped, source_of
from growth.campaigns.messages.starting import HTML_MESSAGE
from growth.campaigns.messages.variables import VARIABLES
from growth.database.engine import transaction
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

NAME = "welcome_buyer"


BODY = """<mjml lang="{{ locale }}">
  <mj-head><mj-preview>{{ preheader }}</mj-preview>{% include "look.mjml" %}</mj-head>
  <mj-body>
    {{ header() }}
    {{ section(text(greeting), button(link(shop_url), _("See what is new"))) }}
    {{ footer() }}
  </mj-body>
</mjml>"""


def form(**changes: str) -> dict[str, str]:
    """A short message as its page sends it."""
    text = "{{ greeting }}\n\n{{ link(shop_url) }}\n\n{{ footer() }}"
    sent = {"version": "0", "kind": "mjml", "subject": "Hello\nthere", "body": BODY, "text": text, "sample": "{}"}
    return sent | changes


def test_all_messages_are_listed_with_a_preview(client_as: ClientAs) -> None:
    page = client_as("manager").get("/templates")
    assert page.status_code == 200
    assert "Welcome buyer" in page.text
    assert f'src="/templates/{NAME}/frame"' in page.text
    assert "New message" not in page.text
    assert "New message" in client_as("marketer").get("/templates").text


def test_a_frame_has_a_policy_of_its_own(client_as: ClientAs) -> None:
    client = client_as("marketer")
    light = client.get(f"/templates/{NAME}/frame?locale=ru&scheme=light")
    dark = client.get(f"/templates/{NAME}/frame?locale=ru&scheme=dark")
    assert light.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "@media not all" in light.text
    assert "@media all" in dark.text
    assert "prefers-color-scheme" not in dark.text
    assert 'lang="ru"' in dark.text


def test_a_saved_message_is_a_version_and_the_shipped_one_stays(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    saved = client.post(
        f"/templates/{NAME}", data=form(subject="Hello {{ first_name | fallback('you') }}\nAnd more", note="Shorter")
    )
    assert saved.status_code == 303
    page = client.get(f"/templates/{NAME}").text
    assert "Version 1" in page
    assert "Hello {{ first_name | fallback(&#39;you&#39;) }}" in page
    versions = client.get(f"/templates/{NAME}/versions").text
    assert "Shorter" in versions
    assert "As shipped" in versions
    compared = client.get(f"/templates/{NAME}/compare?old=0&new=1").text
    assert "fallback" in compared
    assert "taken out" in compared
    restored = client.post(f"/templates/{NAME}/restore", data={"wanted": "0", "version": "1"})
    assert restored.status_code == 303
    with transaction(site.engine) as session:
        newest = source_of(session, NAME)
        assert newest.version == 2
        assert newest.files["subject.txt"].strip() == shipped(NAME).files["subject.txt"].strip()
        assert session.scalar(text("select count(*) from audit_log where action = 'save message'")) == 2
    assert "Version 1 again" not in client.get(f"/templates/{NAME}/versions").text
    assert "The shipped one again" in client.get(f"/templates/{NAME}/versions").text


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(client_as: ClientAs) -> None:
    client = client_as("marketer")
    wrong = client.post(f"/templates/{NAME}", data=form(text="Mine\n{{ frist_name }}\n", note="Kept"))
    assert wrong.status_code == 422
    assert "Line 2:" in wrong.text
    assert "The nearest there is is “first_name”" in wrong.text
    assert "{{ frist_name }}" in wrong.text
    assert 'value="Kept"' in wrong.text
    assert 'aria-describedby="text-error"' in wrong.text
    assert "As shipped" in client.get(f"/templates/{NAME}").text


def test_two_who_edit_at_once_get_the_difference(client_as: ClientAs) -> None:
    client = client_as("marketer")
    assert client.post(f"/templates/{NAME}", data=form(subject="Theirs\nthere")).status_code == 303
    late = client.post(f"/templates/{NAME}", data=form(subject="Mine\nhere"))
    assert late.status_code == 409
    assert "Theirs" in late.text
    assert 'name="version" value="1"' in late.text
    assert client.post(f"/templates/{NAME}", data=form(subject="Mine\nhere", version="1")).status_code == 303
    assert "Version 2" in client.get(f"/templates/{NAME}").text


def test_a_sentence_without_a_text_takes_its_language_away(client_as: ClientAs) -> None:
    client = client_as("marketer")
    sentence = "A new sentence nobody has translated"
    client.post(f"/templates/{NAME}", data=form(subject=f'{{{{ _("{sentence}") }}}}\nx'))
    page = client.get(f"/templates/{NAME}").text
    assert "Who reads Русский, Português (Brasil), 简体中文 gets nothing of it" in page  # as a toast
    assert page.count("1 sentence has no text in it") == 3
    data = form(subject=f'{{{{ _("{sentence}") }}}}\nx', version="1")
    client.post(f"/templates/{NAME}", data=data | {"sentence": sentence, "ru": "Новое", "pt_BR": "Novo", "zh_CN": "新"})
    page = client.get(f"/templates/{NAME}").text
    assert "has no text in" not in page
    assert "Version 2 is saved.</" in page
    assert 'value="Новое"' in page
    assert "<title>" in client.get(f"/templates/{NAME}/frame?locale=ru").text


def test_a_new_message_begins_as_a_copy_and_is_put_away(client_as: ClientAs) -> None:
    client = client_as("marketer")
    for name in ("", "new", NAME, "a b!", "../x", "x" * 100):
        assert client.post("/templates/new", data={"like": NAME, "new_name": name}).status_code == 422
    assert client.post("/templates/new", data={"like": "nothing", "new_name": "fine_name"}).status_code == 422
    assert (
        client.post("/templates/new", data={"like": NAME, "new_name": "Spring sale"}).headers["location"]
        == "/templates/spring_sale"
    )
    assert client.get("/templates/spring_sale/frame").status_code == 200
    assert client.post("/templates/spring_sale/archive").status_code == 303
    assert "Spring sale" not in client.get("/templates", headers={"hx-request": "true"}).text
    assert "Spring sale" in client.get("/templates?archived=true").text
    assert client.post("/templates/spring_sale/unarchive").status_code == 303
    assert "Spring sale" in client.get("/templates").text


@pytest.mark.parametrize(
    "path",
    ["nothing", "nothing/frame", "nothing/versions", "nothing/compare", "..%2f..", f"{NAME}/frame?version=77", "a%00b"],
)
def test_what_is_not_there_is_said(client_as: ClientAs, path: str) -> None:
    assert client_as("marketer").get(f"/templates/{path}").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"body": ""}, {"body": "\0"}, {"subject": "x" * 400_000}, {"sample": "{"}, {"sample": '{"locales": 3}'},
     {"sample": '{"letter": {}}'}, {"sample": '{"locales": []}'}, {"note": "x" * 300}, {"products": "[1,"},
     {"version": "-1"}],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused(client_as: ClientAs, changes: dict[str, str]) -> None:
    client = client_as("marketer")
    assert client.post(f"/templates/{NAME}", data=form(**changes)).status_code in {409, 422}
    assert client.post(f"/templates/{NAME}/look", data=form(**changes)).status_code == 200
    assert client.post(f"/templates/{NAME}/frame", data=form(**changes)).status_code in {200, 422}


def test_sample_values_that_are_none_do_no_harm(client_as: ClientAs) -> None:
    values = dict.fromkeys([*VARIABLES, "sender_name"], "x") | {"country": [], "name": {}, "province": {"en": {}}}
    words = " ".join(f"{{{{ {key} }}}}" for key, one in VARIABLES.items() if not one.items)
    words += "{{ product_grid(basket.items) }}{{ footer() }}"
    data = form(sample=orjson.dumps({"values": values}).decode(), text=words)
    client = client_as("marketer")
    assert client.post(f"/templates/{NAME}/look", data=data).status_code == 200
    assert client.post(f"/templates/{NAME}", data=data).status_code == 303
    assert "[[" not in client.get(f"/templates/{NAME}/frame").text


def test_a_manager_looks_and_changes_nothing(client_as: ClientAs) -> None:
    manager = client_as("manager")
    page = manager.get(f"/templates/{NAME}").text
    assert "readonly" in page
    assert "Save version" not in page
    assert "formaction" not in page
    for path in ("", "/restore", "/archive"):
        assert manager.post(f"/templates/{NAME}{path}", data=form()).status_code == 403


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_pages_are_for_everyone(page_as: PageAs, client_as: ClientAs, width: int, theme: str) -> None:
    client_as("marketer").post(f"/templates/{NAME}", data=form(subject="Another\nthere", text="\n{{ footer() }}\n"))
    page = page_as("marketer", width=width, theme=theme)
    for path in ("", "/new", f"/{NAME}", f"/{NAME}/versions", f"/{NAME}/compare"):
        page.goto(f"/templates{path}")
        page.wait_for_load_state("networkidle")
        no_sideways_scroll(page)
        axe(page)


def test_the_preview_follows_the_typing(page_as: PageAs) -> None:
    page = page_as("marketer")
    page.goto(f"/templates/{NAME}")
    page.get_by_label("With pictures and colours").click()
    page.keyboard.press("Control+Home")
    page.locator("summary", has_text="Variables and blocks").click()
    page.get_by_label("Subject", exact=True).fill("Typed now\nAnd this after it")
    page.get_by_text("Typed now").locator("visible=true").last.wait_for()
    shown = page.frame_locator("iframe[name=shown]")
    shown.get_by_text("And this after it").wait_for(state="attached")
    page.get_by_label("Subject", exact=True).fill("{{ nothing_such }}")
    page.get_by_text("There is no “nothing_such”").first.wait_for()
    page.get_by_label("Subject", exact=True).fill("")
    page.get_by_role("button", name="Insert first_name").click()
    assert "first_name | fallback" in page.get_by_label("Subject", exact=True).input_value()
    page.get_by_role("button", name="Save version").click()
    page.get_by_text("Version 1 is saved").wait_for()


def test_without_a_script_it_works_as_well(page_as: PageAs) -> None:
    page = page_as("marketer", javascript=False)
    page.goto(f"/templates/{NAME}")
    page.get_by_label("Subject", exact=True).fill("Typed now\nAnd this after it")
    page.get_by_role("button", name="Show").click()
    page.frame_locator("iframe[name=shown]").get_by_text("And this after it").wait_for(state="attached")
    page.get_by_role("button", name="Save version").click()
    page.get_by_text("Version 1 is saved").wait_for()


def test_a_message_begins_in_html_of_its_own_with_all_blocks(client_as: ClientAs) -> None:
    client = client_as("marketer")
    assert "HTML of your own" in client.get("/templates/new").text
    assert client.post("/templates/new", data={"like": "*html", "new_name": "x"}).status_code == 422
    made = client.post("/templates/new", data={"like": "*html", "new_name": "Plain sale"})
    assert made.headers["location"] == "/templates/plain_sale"
    page = client.get("/templates/plain_sale").text
    assert "(body.html)" in page
    assert "gets nothing of this message" not in page
    frame = client.get("/templates/plain_sale/frame?locale=ru").text
    assert "Отписаться" in frame
    assert "[[" not in frame
    files = dict(HTML_MESSAGE)
    body = files["body.html"].replace(
        "{{ footer() }}", '{{ section(image("https://x.example/a.png", "A")) }}{{ footer() }}'
    )
    edited = {"version": "1", "kind": "html", "subject": files["subject.txt"], "body": body, "text": files["body.txt"]}
    assert client.post("/templates/plain_sale", data=edited).status_code == 303
    assert 'alt="A"' in client.get("/templates/plain_sale/frame").text
