"""The practice mailbox in a browser."""

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sendgrid import SendGridAPIClient

from tests.sandbox.running import Running, sandbox
from tests.web.browser import CHROMIUM, axe, chromium, no_sideways_scroll, reading

pytestmark = pytest.mark.browser

HTML = (
    '<html lang="ru"><head><style>p{color:#0b6e4f}</style></head><body><p>Добрый день, Анна</p>'
    '<a href="http://127.0.0.1/c/x">Смотреть</a><img alt="" src="http://127.0.0.1/o/x.gif">'
    "</body></html>"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next((path for path in CHROMIUM if Path(path).exists()), None)
    assert executable, "These tests need Chromium: on Debian type `apt-get install chromium`."
    with chromium(executable) as started:
        yield started


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def send(box: Running, subject: str, *addresses: str, html: str = HTML) -> None:
    body: dict[str, Any] = {
        "personalizations": [{"to": [{"email": address}]} for address in addresses],
        "from": {"email": "hello@example.com", "name": "Market of makers"},
        "subject": subject,
        "content": [{"type": "text/plain", "value": "Добрый день"}, {"type": "text/html", "value": html}],
        "headers": {"List-Unsubscribe": "<https://market.example/p/unsubscribe?t=" + "x" * 120 + ">"},
        "custom_args": {"batch": "b1"},
    }
    SendGridAPIClient(box.key, host=box.url).send(body)


def test_reading_the_mailbox(box: Running, browser: Browser) -> None:
    with reading(browser, box.url, {}, width=390, theme="light", javascript=False) as page:
        page.goto("/")
        assert page.get_by_text("Nothing has been sent yet.").is_visible()
    send(box, "Добро пожаловать", *(f"reader{number}@example.net" for number in range(60)))
    send(box, "A very long subject " * 12, "somebody.with.a.very.long.name.indeed@quite.a.long.domain.example.net")
    for width, theme in ((390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")):
        with reading(browser, box.url, {}, width=width, theme=theme, javascript=True) as page:
            page.goto("/")
            axe(page)
            no_sideways_scroll(page)
            assert page.get_by_role("link").filter(has_text="A very long subject").is_visible()
            page.get_by_role("link", name="Older messages").click()
            assert page.get_by_text("reader0@example.net").is_visible()
            page.get_by_role("searchbox").fill("READER42@")
            page.get_by_role("button", name="Find messages").click()
            page.get_by_role("link", name="Добро пожаловать").click()
            assert page.title().startswith("Добро пожаловать")
            assert page.frame_locator("iframe").get_by_text("Добрый день, Анна").is_visible()
            page.get_by_text("Headers and custom arguments").click()
            axe(page)
            no_sideways_scroll(page)
            page.goto("/?to=nobody")
            assert page.get_by_text("No message went to an address with “nobody” in it.").is_visible()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/messages/0", 404),
        ("/messages/99999999999999999999", 404),
        ("/messages/%F0", 404),
        ("/?before=x", 404),
        ("/?to=%00%0A'%22<script>", 200),
        ("/static/../../settings.py", 404),
        ("/static/growth.css", 200),
        ("/elsewhere", 404),
    ],
)
def test_strange_addresses_are_answered(box: Running, path: str, status: int) -> None:
    asking = http.client.HTTPConnection("127.0.0.1", int(box.url.rpartition(":")[2]), timeout=5)
    asking.request("GET", path, headers={"Accept-Language": "ru,en;q=0.5"})
    answer = asking.getresponse()
    assert answer.status == status
    assert b"<script>" not in answer.read()
    asking.close()


def test_a_message_may_run_and_fetch_nothing(box: Running) -> None:
    send(box, "Frame", "frame@example.net", html=HTML + "<script>parent.document.title = 'taken'</script>")
    (message,) = box.mailbox.to("frame@example.net")
    asking = http.client.HTTPConnection("127.0.0.1", int(box.url.rpartition(":")[2]), timeout=5)
    asking.request("GET", f"/messages/{message.number}/html")
    answer = asking.getresponse()
    policy, text = answer.headers["Content-Security-Policy"], answer.read().decode()
    asking.close()
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert "/o/x.gif" not in text
