"""The collector: batches in, each event once, whatever strangers send."""

import gzip
import json
import socket
import threading
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from sqlalchemy import func, select, update

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.collecting import LARGEST_BATCH, collector_key
from growth.events.links import read_person, sign_person
from growth.events.records import Event, VisitorIdentity
from growth.ids import event_id
from growth.people.identity import Known, ensure_person
from growth.people.records import Person
from growth.settings import settings
from growth.web.api.pace import Pace, network_of
from tests.web.serving import Site

VISITOR = "0b5d7c8e-8a52-4f8f-9a3c-2c64a5f3f0aa"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOON = datetime.fromisoformat("2026-11-24T12:00:00+00:00")


def view(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "kind": "page_view", "at": "2026-11-24T11:59:00Z", "visitor": VISITOR} | more


def send(site: Site, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"user-agent": FIREFOX} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{site.url}/e", content=content, headers=named, timeout=30)


def with_key() -> dict[str, str]:
    return {"authorization": f"Bearer {collector_key()}"}


def stored(site: Site) -> int:
    with transaction(site.engine) as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def person(site: Site) -> int:
    with transaction(site.engine) as session:
        return ensure_person(session, Known(email="a@example.com"), site.clock.now())


def test_a_batch_is_stored_once_and_told_so(site: Site) -> None:
    batch = [
        view(
            side="seller", country="br", properties={"url": "https://shop.example/сумки?a=1", "title": "包 \U0001f600"}
        ),
        view(id="not a uuid", kind="custom", properties={"name": "wish"}),
    ]
    answer = send(site, {"events": batch})
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 2, "repeated": 0, "refused": [], "unknown_tokens": 0}
    assert send(site, batch[::-1]).json()["repeated"] == 2
    assert send(site, batch[0]).json()["repeated"] == 1
    with transaction(site.engine) as session:
        first, second = session.scalars(select(Event).order_by(Event.kind.desc())).all()
    assert (first.source, first.side, first.country, first.visitor) == ("collector", "seller", "BR", UUID(VISITOR))
    assert first.occurred_at == NOON - timedelta(minutes=1)
    assert first.event_id == UUID(batch[0]["id"])
    assert first.properties == batch[0]["properties"]
    assert (second.event_id, second.side, second.country) == (event_id("collector", "not a uuid"), "buyer", None)


def test_compressed_or_as_a_beacon(site: Site) -> None:
    zipped = gzip.compress(orjson.dumps([view(), view()]))
    assert send(site, zipped, content_encoding="gzip", content_type="application/json").json()["accepted"] == 2
    beacon = send(site, view(), content_type="text/plain;charset=UTF-8", origin="https://shop.example")
    assert (beacon.status_code, beacon.json()["accepted"]) == (200, 1)
    assert beacon.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in beacon.headers
    assert "set-cookie" not in beacon.headers


def test_another_site_may_ask_and_post(site: Site) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{site.url}/e", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" not in answer.headers["access-control-allow-headers"]
    cross = {"sec_fetch_site": "cross-site", "origin": "https://shop.example"}
    assert send(site, view(), **cross).status_code == 200
    refused = send(site, b"nonsense", **cross)
    assert refused.headers["access-control-allow-origin"] == "*"


BAD: list[tuple[object, str]] = [
    (7, "event"),
    (None, "event"),
    ([[]], "event"),
    ({"kind": "page_view"}, "id"),
    (view(id=""), "id"),
    (view(id=5), "id"),
    (view(id="x" * 201), "id"),
    (view(kind="email_open"), "kind"),
    (view(kind="unsubscribe"), "kind"),
    (view(kind=["page_view"]), "kind"),
    (view(kind={}), "kind"),
    (view(kind=None), "kind"),
    (view(kind="order"), "kind"),
    (view(kind="custom"), "properties.name"),
    (view(kind="custom", properties={"name": {}}), "properties.name"),
    (view(at="2026-11-24T11:59:00"), "at"),
    (view(at="yesterday"), "at"),
    (view(at="2026-11-24T11:59\0"), "at"),
    (view(at=1_790_000_000), "at"),
    (view(at="0001-01-01T00:00:00+14:00"), "occurred_at"),
    (view(at="9999-12-31T23:59:59-14:00"), "occurred_at"),
    (view(at="2026-11-26T12:00:00Z"), "occurred_at"),
    (view(visitor="me"), "visitor"),
    (view(visitor=12), "visitor"),
    (view(side="both"), "side"),
    (view(side=["buyer"]), "side"),
    (view(country="Brazil"), "country"),
    (view(country="ÄÖ"), "country"),
    (view(country=["BR"]), "country"),
    (view(properties=[1]), "properties"),
    (view(properties="x"), "properties"),
    (view(properties={"url": "x" * 20_000}), "properties"),
    (view(properties={"url": "a\0b"}), "properties"),
    (view(properties={"a": json.loads("[" * 300 + "]" * 300)}), "properties"),
]


def test_what_cannot_be_read_is_named_and_the_rest_goes_in(site: Site) -> None:
    for bad, field in BAD:
        answer = send(site, [view(), bad, view()])
        assert answer.status_code == 200, bad
        assert answer.json()["accepted"] == 2, bad
        (refusal,) = answer.json()["refused"]
        assert (refusal["position"], refusal["field"]) == (1, field), bad
        assert refusal["error"].endswith(".")
        alone = send(site, [bad])
        assert alone.status_code == 422
        assert alone.json()["refused"][0]["field"] == field


SENSELESS = [
    b"",
    b"{",
    b"\xff\xfe[\x00]\x00",
    b"null",
    b"3",
    b'"page_view"',
    b'{"events": {}}',
    b"[1e400]",
    b"[" * 3_000 + b"]" * 3_000,
    b"[" * 200_000,
    b"\0",
    b'[{"id":"\xd0"}]',
]


def test_a_body_without_sense_is_refused_in_words(site: Site) -> None:
    for body in SENSELESS:
        answer = send(site, body)
        assert answer.status_code == 422, body[:20]
        assert answer.json()["error"].endswith(".")
        assert answer.json()["field"]


def test_an_emoji_cut_in_half_does_not_cost_the_batch(site: Site) -> None:
    cut = b'[{"id":"%s","kind":"page_view","properties":{"title":"sale \\ud83d"}}]' % uuid4().hex.encode()
    assert send(site, cut).json()["accepted"] == 1


def test_no_bomb_unpacks(site: Site) -> None:
    bomb = gzip.compress(b"[" + b" " * settings().max_request_bytes + b"]")
    assert len(bomb) < 10_000
    assert send(site, bomb, content_encoding="gzip").status_code == 413
    whole = gzip.compress(orjson.dumps([view()]))
    for broken in (whole[:-9], b"x" + whole, whole + b"more", b"plain"):
        answer = send(site, broken, content_encoding="gzip")
        assert (answer.status_code, answer.json()["field"]) == (422, "body")
    assert send(site, whole, content_encoding="br").status_code == 415
    assert send(site, b"[" + b" " * settings().max_request_bytes + b"]").status_code == 413


def test_more_than_a_batch_is_told_to_come_in_several(site: Site) -> None:
    answer = send(site, [view(visitor=None)] * (LARGEST_BATCH + 1))
    assert answer.status_code == 422
    assert "1000 events" in answer.json()["error"]


def test_orders_are_believed_only_with_the_key(site: Site) -> None:
    sold = {"order": "A-1", "amount_minor": 1999, "currency": "BRL"}
    batch = [view(kind="order", properties=sold), view(kind="shop_open", side="seller")]
    alone = send(site, batch)
    assert alone.status_code == 422
    assert "growth events key" in alone.json()["refused"][0]["error"]
    for wrong in ("Bearer no", "Basic eA==", "Bearer", ""):
        assert send(site, batch, authorization=wrong).status_code == 403
    assert stored(site) == 0
    assert send(site, batch, **with_key()).json()["accepted"] == 2
    for field, value in (
        ("order", None),
        ("order", ""),
        ("order", ["A"]),
        ("amount_minor", 19.99),
        ("amount_minor", "1999"),
        ("amount_minor", True),
        ("amount_minor", -1),
        ("amount_minor", 10**13 + 1),
        ("currency", "R$"),
        ("currency", 986),
    ):
        forged = view(kind="refund", properties=sold | {field: value})
        assert send(site, [forged], **with_key()).json()["refused"][0]["field"] == f"properties.{field}"


def test_the_key_can_be_chosen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_COLLECTOR_KEY", "a key of my own")
    settings.cache_clear()
    try:
        order = view(kind="order", properties={"order": 7, "amount_minor": 0, "currency": "USD"})
        assert send(site, order, authorization="bearer a key of my own").json()["accepted"] == 1
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_visitor_with_a_token_becomes_known_once(site: Site, clock: FixedClock) -> None:
    someone = person(site)
    token = sign_person(someone, clock.now())
    anonymous, known = view(), view(token=token)
    assert send(site, [anonymous, known, view(token=token)]).json()["unknown_tokens"] == 0
    with transaction(site.engine) as session:
        join = session.scalars(select(VisitorIdentity)).one()
        found = {event.event_id: event.person_id for event in session.scalars(select(Event))}
    assert (join.visitor, join.person_id, join.rests_on) == (UUID(VISITOR), someone, "token")
    assert join.at == NOON - timedelta(minutes=1)
    assert found[UUID(anonymous["id"])] is None
    assert found[UUID(known["id"])] == someone


def test_a_token_of_nobody_costs_no_event(site: Site, clock: FixedClock) -> None:
    someone = person(site)
    old = sign_person(someone, clock.now() - timedelta(days=31))
    missing, gone = sign_person(2**63 - 1, clock.now()), sign_person(someone, clock.now())
    with transaction(site.engine) as session:
        session.execute(update(Person).values(erased_at=clock.now()))
    tokens: list[object] = [old, missing, gone, "", "a.b", 7, {}, "\0", "ü" * 5000]
    batch = [view(token=token) for token in tokens]
    answer = send(site, batch).json()
    assert (answer["accepted"], answer["unknown_tokens"]) == (9, 9)
    with transaction(site.engine) as session:
        assert session.scalar(select(func.count()).select_from(VisitorIdentity)) == 0
        assert session.scalar(select(func.count(Event.person_id))) == 0


def test_without_a_moment_it_is_when_first_seen(site: Site, clock: FixedClock) -> None:
    batch = [view(at=None), view(id="key", at=None)]
    assert send(site, batch).json()["accepted"] == 2
    clock.moment += timedelta(minutes=5)
    assert send(site, batch).json() == {"accepted": 0, "repeated": 2, "refused": [], "unknown_tokens": 0}
    with transaction(site.engine) as session:
        assert set(session.scalars(select(Event.occurred_at))) == {NOON}


def test_the_same_batches_sent_at_the_same_time_are_stored_once(site: Site, clock: FixedClock) -> None:
    token = sign_person(person(site), clock.now())
    batch = [view(visitor=str(uuid4()), token=token, at=None) for _ in range(200)]
    ready = threading.Barrier(6)
    told: list[dict[str, Any]] = []

    def push(events: list[dict[str, Any]]) -> None:
        ready.wait()
        told.append(send(site, events).json())

    orders = [batch, batch[::-1], batch[100:] + batch[:100]] * 2
    threads = [threading.Thread(target=push, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one["accepted"] for one in told) == 200
    assert sum(one["repeated"] for one in told) == 1_000
    assert stored(site) == 200


def test_a_flood_from_one_address_waits_but_a_server_with_the_key_does_not(site: Site, clock: FixedClock) -> None:
    batch = [view() for _ in range(1_000)]
    for _ in range(6):
        assert send(site, batch).status_code == 200
    flooded = send(site, batch)
    assert flooded.status_code == 429
    assert 1 <= int(flooded.headers["retry-after"]) <= 61
    assert send(site, batch, **with_key()).status_code == 200
    clock.moment += timedelta(minutes=1)
    assert send(site, batch).status_code == 200


def test_the_allowance_is_each_networks_own_and_ends_with_the_window() -> None:
    pace = Pace(10, timedelta(minutes=1))
    pace.spend("a", 10, NOON)
    assert pace.wait("a", NOON + timedelta(seconds=20)) == 40
    assert pace.wait("b", NOON) is None
    assert pace.wait("a", NOON + timedelta(minutes=1)) is None
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1")
    assert network_of(None) == ""
    assert network_of("somewhere") == "somewhere"


def test_a_million_clients_take_no_more_memory_than_their_share() -> None:
    pace = Pace(1, timedelta(minutes=1))
    for number in range(60_000):
        pace.spend(str(number), 1, NOON)
    assert len(pace._spent) <= 50_001
    assert pace.wait("yet another", NOON) is not None


def test_a_connection_broken_off_is_no_error_of_ours(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    address = urlsplit(site.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as wire:
        wire.sendall(b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[")
    assert send(site, view()).status_code == 200
    assert "unexpected error" not in caplog.text


def test_only_posts(site: Site) -> None:
    answer = httpx.get(f"{site.url}/e")
    assert answer.status_code == 405
    assert answer.json()["error"]


def test_a_shop_s_server_is_told_the_token_of_who_signed_in(site: Site, clock: FixedClock) -> None:
    someone = person(site)

    def ask(body: object, **headers: str) -> httpx.Response:
        return httpx.post(f"{site.url}/e/token", json=body, headers=headers)

    known = ask({"email": "A@example.com"}, **with_key())
    assert known.status_code == 200
    assert read_person(known.json()["token"], clock.now()) == someone
    assert ask({"email": "new@example.com"}, **with_key()).json()["token"] != known.json()["token"]
    assert ask({"email": "a@example.com"}).status_code == 403
    assert ask({"email": "a@example.com"}, Authorization="Bearer no").status_code == 403
    unusable: tuple[object, ...] = ({"email": "nobody"}, {"email": 7}, [], {"email": "a" * 5_000 + "@b.example"})
    for wrong in unusable:
        assert ask(wrong, **with_key()).status_code == 422
