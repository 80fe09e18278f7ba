"""The pretend SendGrid, asked by the real client."""

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Content, Email, Mail, To

from growth.sandbox.faults import Fault
from tests.sandbox.running import Running, sandbox


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def mail(*recipients: str, **more: Any) -> dict[str, Any]:
    people = recipients or ("anna@example.net",)
    return {
        "personalizations": [{"to": [{"email": address}]} for address in people],
        "from": {"email": "hello@example.com", "name": "Market of makers"},
        "subject": "Welcome",
        "content": [{"type": "text/plain", "value": "Good day"}, {"type": "text/html", "value": "<p>Good day</p>"}],
        **more,
    }


def send(box: Running, body: object, key: str | None = None, patience: float = 10) -> Any:
    client = SendGridAPIClient(key or box.key, host=box.url).client
    return client.mail.send.post(request_body=body, timeout=patience)


def refusal(box: Running, body: object, key: str | None = None) -> tuple[int, list[dict[str, Any]]]:
    before = len(box.mailbox)
    with pytest.raises(HTTPError) as refused:
        send(box, body, key)
    assert len(box.mailbox) == before
    return refused.value.status_code, refused.value.to_dict["errors"]


def test_a_mail_made_with_the_client_s_own_classes_is_accepted(box: Running) -> None:
    made = Mail(Email("hello@example.com"), To("class@example.net"), "Hi", Content("text/plain", "Good day"))
    answer = SendGridAPIClient(box.key, host=box.url).send(made)
    assert answer.status_code == 202
    (message,) = box.mailbox.to("class@example.net")
    assert message.id == answer.headers["X-Message-Id"]
    assert int(answer.headers["X-RateLimit-Remaining"]) < int(answer.headers["X-RateLimit-Limit"])


def test_places_are_filled_for_each_recipient(box: Running) -> None:
    body = mail("one@example.net", "Two@Example.net")
    body["subject"] = "Good day -name-"
    body["content"][0]["value"] = "-name-, look: -link-"
    body["headers"] = {"List-Unsubscribe": "<-link->"}
    body["custom_args"] = {"batch": "b1", "who": "-name-"}
    for place, name in enumerate(("Анна", "王伟")):
        own = {"substitutions": {"-name-": name, "-link-": f"https://x.example/{place}"}}
        body["personalizations"][place] |= own | {"custom_args": {"delivery": str(place)}}
    send(box, body)
    (first,), (second,) = box.mailbox.to("one@example.net"), box.mailbox.to("two@example.net")
    assert (first.subject, second.subject) == ("Good day Анна", "Good day 王伟")
    assert second.text == "王伟, look: https://x.example/1"
    assert second.headers == {"List-Unsubscribe": "<https://x.example/1>"}
    assert second.custom_args == {"batch": "b1", "who": "王伟", "delivery": "1"}


def test_a_thousand_go_in_one_request_and_each_gets_one(box: Running) -> None:
    before = len(box.mailbox)
    send(box, mail(*(f"many{number}@example.net" for number in range(1_000))))
    assert [message.recipient for message in box.mailbox.messages(before)] == [
        f"many{number}@example.net" for number in range(1_000)
    ]


def test_copies_go_to_everybody_named(box: Running) -> None:
    body = mail("to@example.net")
    body["personalizations"][0] |= {"cc": [{"email": "cc@example.net"}], "bcc": [{"email": "bcc@example.net"}]}
    send(box, body)
    assert all(len(box.mailbox.to(f"{name}@example.net")) == 1 for name in ("to", "cc", "bcc"))


def test_sandbox_mode_checks_and_keeps_nothing(box: Running) -> None:
    before = len(box.mailbox)
    assert send(box, mail(mail_settings={"sandbox_mode": {"enable": True}})).status_code == 200
    assert len(box.mailbox) == before


def personal(**own: Any) -> dict[str, Any]:
    body = mail()
    body["personalizations"][0] |= own
    return body


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ([], None, "Bad Request"),
        ({}, "from.email", "from object must be provided"),
        (mail() | {"from": {"email": "nobody"}}, "from.email", "valid address"),
        (mail() | {"personalizations": []}, "personalizations", "at least one"),
        (mail(*(f"{n}@example.net" for n in range(1_001))), "personalizations", "limited to 1000 personalizations"),
        (personal(cc=[{"email": f"{n}@example.net"} for n in range(1_000)]), "personalizations", "1000 total"),
        (personal(to=[]), "personalizations.0.to", "to array is required"),
        (mail("x@example.net", "no address"), "personalizations.1.to.0.email", "valid address"),
        (personal(cc=[{"email": "ANNA@example.net"}]), "personalizations.0", "unique between to, cc, and bcc"),
        (mail(subject=""), "subject", "at least one character"),
        ({key: value for key, value in mail().items() if key != "subject"}, "subject", "subject is required"),
        (mail(content=[]), "content", "content parameter is required"),
        (mail(content=list(reversed(mail()["content"]))), "content", "text/plain needs to be first"),
        (mail(content=[{"type": "text/plain", "value": ""}]), "content.0.value", "at least one character"),
        (mail(content=[{"type": "text/plain; x", "value": "a"}]), "content.0.type", "CRLF"),
        (mail(headers={"Subject": "x"}), "headers", "reserved"),
        (mail(headers={"X Y": "x"}), "headers", "non-ASCII"),
        (personal(headers={"X-Y": 1}), "personalizations.0.headers", "must be strings"),
        (personal(custom_args={"delivery": 7}), "personalizations.0.custom_args", "must be strings"),
        (personal(custom_args={"delivery": "x" * 10_000}), "personalizations.0.custom_args", "10,000 bytes"),
        (personal(substitutions={"-x-": "я" * 5_000}), "personalizations.0.substitutions", "10,000 bytes"),
        (personal(substitutions={"-x-": 3}), "personalizations.0.substitutions", "all strings"),
        (mail(categories=["a"] * 2), "categories", "unique"),
        (mail(send_at=2**40), "send_at", "72 hours"),
        (mail(tracking_settings="none"), "tracking_settings", "object"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(box: Running, body: object, field: str | None, word: str) -> None:
    status, errors = refusal(box, body)
    assert status == 400
    assert any(error["field"] == field and word in error["message"] for error in errors), errors
    assert all(error.keys() == {"message", "field", "help"} for error in errors)


def test_a_wrong_key_is_refused(box: Running) -> None:
    status, errors = refusal(box, mail(), key="SG.other")
    assert (status, errors[0]["field"]) == (401, None)


def test_thirty_megabytes_are_too_many(box: Running) -> None:
    status, _ = refusal(box, mail(content=[{"type": "text/plain", "value": "x" * (30 * 1024 * 1024)}]))
    assert status == 413


def test_the_key_s_scopes_let_it_send(box: Running) -> None:
    answer = SendGridAPIClient(box.key, host=box.url).client.scopes.get()
    assert "mail.send" in answer.to_dict["scopes"]
    assert answer.headers["Date"]


@pytest.mark.parametrize(
    ("fault", "status"), [("429", 429), ("500", 500), ("503", 503), ("413", 413), ("accept-then-500", 500)]
)
def test_faults_that_answer(box: Running, fault: str, status: int) -> None:
    box.faults.next_requests(fault)
    before = len(box.mailbox)
    with pytest.raises(HTTPError) as refused:
        send(box, mail())
    assert refused.value.status_code == status
    if status == 429:
        assert refused.value.headers["X-RateLimit-Remaining"] == "0"
        assert int(refused.value.headers["X-RateLimit-Reset"]) > 0
    assert len(box.mailbox) - before == fault.startswith("accept")
    assert send(box, mail()).status_code == 202


@pytest.mark.parametrize("fault", ["hang", "drop", "accept-then-drop", "accept-then-hang", "accept-then-half"])
def test_faults_that_never_answer(box: Running, fault: str) -> None:
    box.faults.next_requests(fault)
    before = len(box.mailbox)
    with pytest.raises((OSError, http.client.HTTPException)):
        send(box, mail(), patience=0.3)
    assert len(box.mailbox) - before == fault.startswith("accept")


def test_an_answer_may_come_letter_by_letter(box: Running) -> None:
    box.faults.next_requests("accept-then-drip")
    before = len(box.mailbox)
    assert send(box, mail(), patience=1).status_code == 202
    assert len(box.mailbox) == before + 1


def test_faults_at_random_are_the_same_from_the_same_seed(box: Running) -> None:
    kinds = (Fault.ERROR, Fault.RATE_LIMIT)
    came = []
    for _ in range(2):
        box.faults.at_random(0.5, 7, kinds)
        came.append([box.faults.next() for _ in range(40)])
    box.faults.clear()
    assert came[0] == came[1]
    assert set(came[0]) == {None, *kinds}
    assert box.faults.next() is None


def control(box: Running, method: str, path: str, body: object = None) -> tuple[int, Any]:
    asking = http.client.HTTPConnection("127.0.0.1", int(box.url.rpartition(":")[2]), timeout=5)
    asking.request(method, path, None if body is None else orjson.dumps(body))
    answer = asking.getresponse()
    read = answer.status, orjson.loads(answer.read())
    asking.close()
    return read


def test_a_rate_limit_is_kept_and_told(box: Running) -> None:
    assert control(box, "POST", "/sandbox/rate-limit", {"requests": 1, "seconds": 3_600})[0] == 200
    assert send(box, mail()).headers["X-RateLimit-Remaining"] == "0"
    assert refusal(box, mail())[0] == 429
    assert control(box, "POST", "/sandbox/rate-limit", {"requests": 10_000, "seconds": 1})[0] == 200


def test_faults_are_ordered_and_taken_back_over_http(box: Running) -> None:
    assert control(box, "POST", "/sandbox/faults", {"fault": "500", "requests": 2}) == (200, {"coming": ["500"] * 2})
    assert control(box, "GET", "/sandbox/faults")[1] == {"coming": ["500"] * 2}
    assert control(box, "DELETE", "/sandbox/faults")[1] == {"coming": []}
    assert control(box, "POST", "/sandbox/faults", {"fault": "laziness"})[0] == 422
    assert control(box, "POST", "/sandbox/faults", {"fault": "500", "requests": 10**9})[0] == 422
    assert control(box, "POST", "/sandbox/rate-limit", {})[0] == 422


def test_messages_are_read_over_http(box: Running) -> None:
    send(box, mail("http@example.net", custom_args={"delivery": "9"}))
    status, found = control(box, "GET", "/sandbox/messages?to=http@example.net")
    assert (status, found["messages"][0]["custom_args"]) == (200, {"delivery": "9"})
    number = found["messages"][0]["number"]
    assert control(box, "GET", f"/sandbox/messages/{number}")[1]["html"] == "<p>Good day</p>"
    assert control(box, "GET", f"/sandbox/messages?after={number - 1}&limit=1")[1]["messages"][0]["number"] == number
    for wrong in ("/sandbox/messages/0", "/sandbox/messages/9999999999999999999", "/sandbox/messages/-1", "/sandbox/x"):
        assert control(box, "GET", wrong)[0] == 404


def test_two_at_once_are_kept_apart(box: Running) -> None:
    before = len(box.mailbox)
    senders = [
        threading.Thread(target=send, args=(box, mail(*(f"{who}.{n}@example.net" for n in range(50)))))
        for who in range(8)
    ]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    messages = list(box.mailbox.messages(before))
    assert len({message.recipient for message in messages}) == len(messages) == 400
    assert len({message.id for message in messages}) == 8


def test_what_isn_t_http_is_refused(box: Running) -> None:
    asking = http.client.HTTPConnection("127.0.0.1", int(box.url.rpartition(":")[2]), timeout=5)
    asking.connect()
    assert asking.sock is not None
    asking.sock.sendall(b"nonsense\r\n\r\n")
    assert asking.sock.recv(100).startswith(b"HTTP/1.1 400")
    asking.close()
    assert control(box, "GET", "/v3/elsewhere")[0] == 401
