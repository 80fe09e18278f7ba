"""SendGrid's event webhook: believed by its signature alone, stored once, and told to the campaigns."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from growth.campaigns.email.recipients import Recipient
from growth.campaigns.letters.posting import post as post_letter
from growth.campaigns.letters.records import Letter
from growth.campaigns.records import Delivery, DeliveryBatch
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.records import Event
from growth.people.consent import may_write
from growth.people.identity import email_hash
from growth.people.records import Suppression
from growth.people.suppression import is_suppressed
from growth.sandbox.keys import public_key_of, signature
from growth.settings import settings
from growth.web.hooks.sendgrid_events import delivery_of, read_events
from growth.web.hooks.sendgrid_signature import SIGNATURE, TIMESTAMP
from tests.web.messages import Message, sent
from tests.web.serving import Site

KEY = ec.generate_private_key(ec.SECP256R1())


def configured(key: str) -> Iterator[None]:
    os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"] = key
    settings.cache_clear()
    yield
    del os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"]
    settings.cache_clear()


@pytest.fixture
def known_key() -> Iterator[None]:
    yield from configured(public_key_of(KEY))


def told(message: Message, event: str, at: float, **more: Any) -> dict[str, Any]:
    """An event as SendGrid's reference shows it."""
    return {
        "email": "anna@example.com",
        "timestamp": int(at),
        "smtp-id": "<x@ismtpd-555>",
        "event": event,
        "category": ["welcome"],
        "sg_event_id": uuid4().hex,
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001",
        "batch": str(message.batch),
        "delivery": str(message.delivery),
    } | more


def post(
    site: Site, body: bytes, *, key: ec.EllipticCurvePrivateKey = KEY, timestamp: str = "1600112502"
) -> httpx.Response:
    headers = {TIMESTAMP: timestamp, SIGNATURE: signature(key, timestamp, body), "Content-Type": "application/json"}
    return httpx.post(f"{site.url}/hooks/sendgrid", content=body, headers=headers, timeout=30)


def tell(site: Site, *events: object) -> httpx.Response:
    return post(site, json.dumps(events).encode() + b"\r\n")


def kinds(site: Site) -> list[str]:
    with transaction(site.engine) as session:
        return list(session.scalars(select(Event.kind).order_by(Event.occurred_at, Event.kind)))


def delivery(site: Site, message: Message) -> Delivery:
    with transaction(site.engine) as session:
        return session.get_one(Delivery, message.delivery)


@pytest.mark.usefixtures("known_key")
def test_every_kind_becomes_ours_and_moves_the_delivery(site: Site, clock: FixedClock) -> None:
    message, now = sent(site), clock.now().timestamp()
    batch = [
        told(message, "processed", now - 60),
        told(message, "deferred", now - 50, response="451 later", attempt="1"),
        told(message, "delivered", now - 40, response="250 OK"),
        told(message, "open", now - 30, sg_machine_open=False, useragent="x", ip="203.0.113.1"),
        told(message, "click", now - 20, url="https://shop.example/", url_offset={"index": 0, "type": "html"}),
        told(message, "group_unsubscribe", now - 10, asm_group_id=7),
    ]
    answer = tell(site, *batch)
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 6, "repeated": 0, "ignored": 0, "refused": []}
    assert kinds(site) == [
        "email_sent",
        "email_deferred",
        "email_delivered",
        "email_open",
        "email_click",
        "unsubscribe",
    ]
    with transaction(site.engine) as session:
        stored = session.scalars(select(Event).order_by(Event.occurred_at)).all()
    assert {(event.source, event.side, event.person_id, event.delivery_id) for event in stored} == {
        ("sendgrid", "buyer", message.person, message.delivery)
    }
    assert {event.properties["batch"] for event in stored} == {str(message.batch)}
    assert stored[3].properties["machine"] is False
    assert not any(
        "anna" in json.dumps(event.properties) or "203.0" in json.dumps(event.properties) for event in stored
    )
    moved = delivery(site, message)
    assert (moved.delivered_at, moved.opened_at) == (
        clock.now() - timedelta(seconds=40),
        clock.now() - timedelta(seconds=30),
    )
    with transaction(site.engine) as session:
        assert not may_write(session, message.person, "marketing", "email")


@pytest.mark.usefixtures("known_key")
def test_a_replay_in_any_order_changes_nothing(site: Site, clock: FixedClock) -> None:
    message, now = sent(site), clock.now().timestamp()
    batch = [told(message, event, now - 30) for event in ("processed", "delivered", "open", "spamreport")]
    assert tell(site, *batch).json()["accepted"] == 4
    before = delivery(site, message).state
    clock.moment += timedelta(hours=20)
    for again in (batch, batch[::-1], batch[1:] + batch):
        assert tell(site, *again).json() == {"accepted": 0, "repeated": len(again), "ignored": 0, "refused": []}
    assert len(kinds(site)) == 4
    assert delivery(site, message).state == before == "complained"


@pytest.mark.parametrize(
    ("more", "hard"),
    [
        ({"type": "bounce", "status": "5.1.1"}, True),
        ({"status": "5.0.0"}, True),
        ({"type": "blocked", "status": "5.2.2"}, False),
        ({"type": "bounce", "status": "4.2.1"}, False),
    ],
)
@pytest.mark.usefixtures("known_key")
def test_only_a_hard_bounce_ends_the_address(site: Site, clock: FixedClock, more: dict[str, str], hard: bool) -> None:
    message = sent(site)
    assert tell(site, told(message, "bounce", clock.now().timestamp(), reason="550 no", **more)).json()["accepted"] == 1
    with transaction(site.engine) as session:
        reasons = session.scalars(select(Suppression.reason)).all()
    assert reasons == (["hard_bounce"] if hard else [])


@pytest.mark.usefixtures("known_key")
def test_what_a_privacy_proxy_fetched_is_no_reading(site: Site, clock: FixedClock) -> None:
    message, now = sent(site), clock.now().timestamp()
    tell(site, told(message, "open", now - 30, sg_machine_open=True))
    assert kinds(site) == ["email_machine_open"]
    found = delivery(site, message)
    assert (found.state, found.opened_at) == ("delivered", None)
    assert found.machine_opened_at == clock.now() - timedelta(seconds=30)


@pytest.mark.usefixtures("known_key")
def test_a_scanner_that_sendgrid_saw_is_known_by_its_name(site: Site, clock: FixedClock) -> None:
    message, now = sent(site), clock.now().timestamp()
    scanner = {"useragent": "Barracuda Sentinel (EE)"}
    tell(site, *(told(message, kind, now - 30, **scanner) for kind in ("open", "click")))
    assert sorted(kinds(site)) == ["email_machine_click", "email_machine_open"]
    tell(site, told(message, "click", now - 20, useragent="Mozilla/5.0 (iPhone) Mobile"), told(message, "open", now))
    found = delivery(site, message)
    assert found.clicked_at == clock.now() - timedelta(seconds=20)
    assert found.opened_at == clock.now()


@pytest.mark.usefixtures("known_key")
def test_a_bounce_keeps_its_class_and_words(site: Site, clock: FixedClock) -> None:
    message, now = sent(site), clock.now().timestamp()
    words = {"reason": "552 5.2.2 mailbox full", "bounce_classification": "Mailbox Unavailable"}
    tell(site, told(message, "deferred", now - 60, response="421 later"), told(message, "bounce", now - 30, **words))
    found = delivery(site, message)
    assert (found.bounce_class, found.refusal) == ("mailbox", "552 5.2.2 mailbox full")
    assert found.deferred_at == clock.now() - timedelta(seconds=60)


@pytest.mark.usefixtures("known_key")
def test_a_trace_settles_a_batch_in_doubt(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    with transaction(site.engine) as session:
        session.get_one(DeliveryBatch, message.batch).state = "in_doubt"
        session.get_one(Delivery, message.delivery).state = "in_doubt"
    tell(site, told(message, "processed", clock.now().timestamp()))
    with transaction(site.engine) as session:
        assert session.get_one(DeliveryBatch, message.batch).state == "accepted"
    assert delivery(site, message).state == "accepted"


@pytest.mark.usefixtures("known_key")
def test_what_is_not_ours_or_not_readable_keeps_nothing_out(site: Site, clock: FixedClock) -> None:
    message, now = sent(site), clock.now().timestamp()
    good = told(message, "delivered", now)
    names: list[object] = ["", "x", "-1", "0", "1" * 400, str(2**63), 2**63, 1.5, None, True, [1], {}, "\0", "²", "٣"]
    ignored: list[object] = [
        told(message, "group_resubscribe", now),
        told(message, "account_status_change", now),
        told(message, "open", now) | {"event": ["open"]},
        told(message, "open", now) | {"event": None},
        told(message, "open", now, delivery="12345"),
        *(told(message, "open", now, delivery=name) for name in names),
        {"event": "open"},
        None,
        7,
        "open",
        [],
    ]
    refused = [
        (told(message, "open", now, sg_event_id=None), "sg_event_id"),
        (told(message, "open", now, sg_event_id=""), "sg_event_id"),
        (told(message, "open", now, timestamp=None), "timestamp"),
        (told(message, "open", now, timestamp="soon"), "timestamp"),
        (told(message, "open", now, timestamp=True), "timestamp"),
        (told(message, "open", now, timestamp=10**30), "timestamp"),
        (told(message, "open", now, timestamp=-1), "occurred_at"),
        (told(message, "open", now + 90_000), "occurred_at"),
    ]
    odd = told(message, "deferred", now, response={"a": ["\0" * 9_000]}, status=None, url="\0", asm_group_id=2**70)
    odd |= {"batch": ["no batch"], "sg_message_id": "\ud83d"}
    answer = tell(site, *(one for one, _ in refused), *ignored, good, odd)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["accepted"], found["repeated"], found["ignored"]) == (2, 0, len(ignored))
    assert [(one["position"], one["field"]) for one in found["refused"]] == [
        (place, field) for place, (_, field) in enumerate(refused)
    ]
    assert sorted(kinds(site)) == ["email_deferred", "email_delivered"]


@pytest.mark.usefixtures("known_key")
def test_nothing_is_believed_without_its_signature(site: Site, clock: FixedClock) -> None:
    body = json.dumps([told(sent(site), "spamreport", clock.now().timestamp())]).encode()
    right = signature(KEY, "1600112502", body)
    stranger = signature(ec.generate_private_key(ec.SECP256R1()), "1600112502", body)
    for shown in (
        {},
        {SIGNATURE: right},
        {SIGNATURE: right, TIMESTAMP: "1600112503"},
        {SIGNATURE: stranger, TIMESTAMP: "1600112502"},
        {SIGNATURE: right[:-6], TIMESTAMP: "1600112502"},
        {SIGNATURE: "no base64 é".encode().decode("latin-1"), TIMESTAMP: "ÿ"},
        {SIGNATURE: "", TIMESTAMP: "1600112502"},
        {SIGNATURE: base64.b64encode(b"0" * 5_000).decode(), TIMESTAMP: "1600112502"},
    ):
        raw = [(name.encode(), value.encode("latin-1")) for name, value in shown.items()]
        answer = httpx.post(f"{site.url}/hooks/sendgrid", content=body, headers=raw)
        assert answer.status_code == 403
        assert "not signed by SendGrid" in answer.json()["error"]
    headers = {SIGNATURE: right, TIMESTAMP: "1600112502"}
    assert httpx.post(f"{site.url}/hooks/sendgrid", content=body + b" ", headers=headers).status_code == 403
    assert kinds(site) == []
    assert httpx.post(f"{site.url}/hooks/sendgrid", content=body, headers=headers).status_code == 200


@pytest.mark.usefixtures("known_key")
def test_signed_nonsense_is_refused_in_words(site: Site) -> None:
    for body in (b"", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"events":[]}'):
        answer = post(site, body)
        assert answer.status_code == 422, body[:10]
        assert answer.json()["error"]
    assert post(site, b"[]").json()["accepted"] == 0


def test_before_its_key_is_known_nothing_is_taken(site: Site) -> None:
    answer = post(site, b"[]")
    assert answer.status_code == 403
    assert "GROWTH_SENDGRID_WEBHOOK_KEY" in answer.json()["remedy"]


def test_a_key_that_is_none_is_told(site: Site) -> None:
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    foreign = base64.b64encode(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    for wrong in ("nonsense", "é", foreign):
        for _ in configured(wrong):
            answer = post(site, b"[]")
            assert answer.status_code == 403
            assert "is no key" in answer.json()["error"]


@pytest.mark.usefixtures("known_key")
def test_the_same_batches_at_the_same_time_are_stored_once(site: Site, clock: FixedClock) -> None:
    now = clock.now().timestamp()
    messages = [sent(site, email=f"p{number}@example.com") for number in range(8)]
    batch = [told(one, event, now - 5) for one in messages for event in ("processed", "delivered", "open", "bounce")]
    ready = threading.Barrier(4)
    answers: list[httpx.Response] = []

    def push(events: list[dict[str, Any]]) -> None:
        ready.wait()
        answers.append(tell(site, *events))

    orders = [batch, batch[::-1], batch[9:] + batch[:9], batch[::2] + batch[1::2]]
    threads = [threading.Thread(target=push, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sum(answer.json()["accepted"] for answer in answers) == len(batch)
    with transaction(site.engine) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == len(batch)
        assert set(session.scalars(select(Delivery.state))) == {"bounced"}


@pytest.mark.usefixtures("known_key")
def test_a_failure_halfway_keeps_nothing_and_the_retry_everything(site: Site, clock: FixedClock) -> None:
    """A campaign that can't be told means that no event is kept either, and SendGrid hears to try again."""
    message = sent(site)
    events = [told(message, "delivered", clock.now().timestamp())]
    with transaction(site.engine) as session:
        session.execute(text("alter table delivery add constraint halfway check (delivered_at is null)"))
    assert tell(site, *events).status_code == 500
    assert kinds(site) == []
    with transaction(site.engine) as session:
        session.execute(text("alter table delivery drop constraint halfway"))
    assert tell(site, *events).json()["accepted"] == 1
    assert delivery(site, message).state == "delivered"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
FIELDS = ("event", "timestamp", "sg_event_id", "status", "type", "reason", "url", "batch", "asm_group_id")
US = Recipient(5, 6, "buyer", "Welcome", "marketing", "en", 1, 1)


@limits(max_examples=60, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"delivery": st.just("5")}, optional=dict.fromkeys(FIELDS, JSON)) | JSON, max_size=4)
)
def test_whatever_comes_is_read_left_out_or_refused(batch: list[Any]) -> None:
    events, refused = read_events(batch, {5: US})
    assert len(events) + len(refused) <= len(batch)
    assert not {place for place, _ in events} & {place for place, _ in refused}
    for one in batch:
        found = delivery_of(one)
        assert found is None or 0 < found < 2**63


def test_ids_are_of_sendgrid_alone(clock: FixedClock) -> None:
    one = told(Message(5, 6, UUID(int=1)), "open", clock.now().timestamp(), sg_event_id="same")
    (first,), _ = read_events([one], {5: US})
    (again,), _ = read_events([one | {"timestamp": 7}], {5: US})
    assert first[1].event_id == again[1].event_id


@pytest.mark.usefixtures("known_key")
def test_a_letter_s_events_settle_it_and_close_a_dead_address(site: Site, clock: FixedClock) -> None:
    now = clock.now()
    given: dict[str, Any] = {"kind": "notice", "message": "x", "locale": "en", "values": {}, "posted_by": "test"}
    with transaction(site.engine) as session:
        good, dead = (post_letter(session, email=f"{name}@example.com", now=now, **given).id for name in ("a", "b"))
    events = [
        {"event": "delivered", "letter": str(good), "sg_event_id": "1", "timestamp": int(now.timestamp())},
        {"event": "processed", "letter": str(good), "sg_event_id": "2", "timestamp": int(now.timestamp())},
        {"event": "bounce", "letter": str(dead), "type": "bounce", "status": "5.1.1", "reason": "no such user"},
        {"event": "delivered", "letter": "9" * 19, "sg_event_id": "3"},
        {"event": "nonsense", "letter": str(good)},
    ]
    for _ in range(2):
        answer = tell(site, *events).json()
        assert (answer["accepted"], answer["ignored"], answer["refused"]) == (3, 2, [])
    with transaction(site.engine) as session:
        states = {letter.id: (letter.state, letter.refusal) for letter in session.scalars(select(Letter))}
        assert states == {good: ("delivered", None), dead: ("bounced", "no such user")}
        assert is_suppressed(session, "email", email_hash("b@example.com"), "marketing")
        assert not is_suppressed(session, "email", email_hash("a@example.com"), "marketing")
