"""What SendGrid tells and what recipients do: signed, often twice or late, again after any failure, never lost."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

from growth.events.collecting import collector_key
from growth.events.links import TOKEN_PARAMETER, sign_click, sign_open, sign_unsubscribe
from growth.sandbox.market.habits import EVERYBODY, RELIABLE, Habits, Market
from growth.sandbox.wire import Answer, Misbehaviour, Request, Response
from tests.sandbox.listening import Listening, listening, until
from tests.sandbox.running import Running, sandbox


@pytest.fixture
def product() -> Iterator[Listening]:
    with listening() as made:
        yield made


def mail(product: Listening, *addresses: str, **more: Any) -> dict[str, Any]:
    html = (
        '<html lang="ru"><body><a href="https://elsewhere.example/">x</a><a class="b" href="-click-">y</a>'
        '<img alt="" src="-open-"></body></html>'
    )
    people = [
        {
            "to": [{"email": address}],
            "custom_args": {"delivery": str(place), "batch": "b1"},
            "substitutions": {
                "-click-": f"{product.url}{sign_click(place, 0)}",
                "-open-": product.url + sign_open(place),
            },
            "headers": {"List-Unsubscribe": f"<mailto:x@y.example>, <{product.url}{sign_unsubscribe(place)}>"},
        }
        for place, address in enumerate(addresses, 1)
    ]
    return {
        "personalizations": people,
        "from": {"email": "hello@example.com"},
        "subject": "Welcome",
        "content": [{"type": "text/html", "value": html}],
        "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
        **more,
    }


def send(box: Running, body: dict[str, Any]) -> None:
    assert SendGridAPIClient(box.key, host=box.url).send(body).status_code == 202


def kinds(product: Listening) -> Counter[str]:
    return Counter(event["event"] for event in product.told())


def test_events_are_signed_and_carry_the_custom_arguments(product: Listening, tmp_path: Path) -> None:
    with sandbox(tmp_path, product_url=product.url) as box:
        send(box, mail(product, "a@x.example", "b@x.example"))
        until(lambda: kinds(product) == {"processed": 2, "delivered": 2})
        (message,) = box.mailbox.to("b@x.example")
        verifier = EventWebhook(box.webhook_key)
        for request in product.to("/hooks/sendgrid"):
            signature = request.headers[EventWebhookHeader.SIGNATURE.lower()]
            timestamp = request.headers[EventWebhookHeader.TIMESTAMP.lower()]
            assert verifier.verify_signature(request.body.decode(), signature, timestamp)
            assert not verifier.verify_signature(request.body.decode() + " ", signature, timestamp)
    told = next(event for event in product.told() if event["email"] == "b@x.example")
    assert (told["delivery"], told["batch"]) == ("2", "b1")
    assert told["sg_message_id"].startswith(message.id)
    assert told["timestamp"] == pytest.approx(message.accepted_at.timestamp(), abs=60)
    assert len({event["sg_event_id"] for event in product.told()}) == 4


def test_everything_is_told_in_the_end_whatever_the_product_answers(product: Listening, tmp_path: Path) -> None:
    def unwell(_: Request) -> int | Answer:
        return (500, Misbehaviour.DROP, 403, 200)[min(len(product.heard) - 1, 3)]

    product.answers = unwell
    with sandbox(tmp_path, product_url=product.url) as box:
        send(box, mail(product, "a@x.example"))
        until(lambda: len(product.heard) >= 4)
        taken = [event for request in product.heard[3:] for event in request.body.decode().split("\r\n") if event]
        assert len(taken) == 2


def test_a_sandbox_that_was_killed_tells_what_it_had_not_told(product: Listening, tmp_path: Path) -> None:
    product.answers = lambda _: 503
    with sandbox(tmp_path, product_url=product.url) as box:
        send(box, mail(product, "a@x.example", "b@x.example"))
        until(lambda: len(product.heard) > 0)
    refused = {event["sg_event_id"] for event in product.told()}
    product.heard.clear()
    product.answers = lambda _: 200
    with sandbox(tmp_path, product_url=product.url):
        until(lambda: kinds(product) == {"processed": 2, "delivered": 2})
    assert refused <= {event["sg_event_id"] for event in product.told()}
    product.heard.clear()
    with sandbox(tmp_path, product_url=product.url) as box:
        send(box, mail(product, "c@x.example"))
        until(lambda: kinds(product) == {"processed": 1, "delivered": 1})
    assert {event["email"] for event in product.told()} == {"c@x.example"}


def shop(request: Request) -> int | Answer:
    if request.path.startswith("/c/"):
        landing = f"https://market.example/ru/?utm_medium=email&{TOKEN_PARAMETER}=who.came"
        return Response(302, headers={"Location": landing})
    return 200


def test_people_open_click_and_order_through_the_product_s_own_links(product: Listening, tmp_path: Path) -> None:
    product.answers = shop
    with sandbox(tmp_path, product_url=product.url, market=EVERYBODY) as box:
        send(box, mail(product, "a@x.example"))
        until(lambda: [event["kind"] for event in product.collected()] == ["page_view", "order"])
    (opened,), (clicked,) = product.to("/o/"), product.to("/c/")
    assert (opened.method, opened.path) == ("GET", sign_open(1))
    assert (clicked.method, clicked.path) == ("GET", sign_click(1, 0))
    seen, order = product.collected()
    assert seen["token"] == "who.came"
    assert seen["properties"]["url"] == "https://market.example/ru/?utm_medium=email"
    assert seen["country"] in {"RU", "KZ"}
    assert seen["visitor"] == order["visitor"]
    assert order["properties"]["amount_minor"] > 0
    assert product.to("/e")[0].headers["authorization"] == f"Bearer {collector_key()}"
    assert kinds(product).keys() == {"processed", "delivered"}


def test_sendgrid_tells_opens_and_clicks_when_it_is_to_track_them(product: Listening, tmp_path: Path) -> None:
    product.answers = shop
    body = mail(product, "a@x.example", tracking_settings={})
    with sandbox(tmp_path, product_url=product.url, market=EVERYBODY) as box:
        send(box, body)
        until(lambda: {"open", "click"} <= kinds(product).keys())
    (click, *_) = (event for event in product.told() if event["event"] == "click")
    assert click["url"] == f"{product.url}{sign_click(1, 0)}"
    assert click["ip"].startswith("203.0.113.")


def test_leaving_is_one_click_by_the_message_s_header(product: Listening, tmp_path: Path) -> None:
    habits = replace(RELIABLE, opens=9, unsubscribes=1)
    with sandbox(tmp_path, product_url=product.url, market=Market(habits=habits, pace=1e4, visitors=False)) as box:
        send(box, mail(product, "a@x.example"))
        until(lambda: len(product.to("/p/unsubscribe")) > 0)
    (left, *_) = product.to("/p/unsubscribe")
    assert (left.method, left.body) == ("POST", b"List-Unsubscribe=One-Click")
    assert sign_unsubscribe(1).endswith(left.query["t"])


def test_dead_addresses_bounce_and_are_dropped_from_then_on(product: Listening, tmp_path: Path) -> None:
    habits = Habits(dead_addresses=1.0, deferrals=0.0, repeated_events=0.0)
    with sandbox(tmp_path, product_url=product.url, market=Market(habits=habits, pace=1e6, visitors=False)) as box:
        send(box, mail(product, "a@x.example"))
        until(lambda: kinds(product) == {"processed": 1, "bounce": 1})
        (bounce,) = (event for event in product.told() if event["event"] == "bounce")
        assert (bounce["status"], bounce["type"]) == ("5.1.1", "bounce")
        send(box, mail(product, "A@x.example", subject="Again"))
        until(lambda: kinds(product)["dropped"] == 1)


def test_people_try_again_when_a_link_fails_and_follow_no_other(product: Listening, tmp_path: Path) -> None:
    product.answers = lambda request: 500 if len(product.to(request.path)) < 2 else shop(request)
    with sandbox(tmp_path, product_url=product.url, market=EVERYBODY) as box:
        send(box, mail(product, "a@x.example"))
        until(lambda: len(product.collected()) >= 3)
    assert {request.path[:3] for request in product.heard} == {"/o/", "/c/", "/e", "/ho"}
