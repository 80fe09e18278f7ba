"""Opening the pages that links lead to: real servers on loopback, and walls that hold."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from growth.campaigns.checks import probing
from growth.campaigns.checks.probing import Answer, ask, ask_all, judge, look, on_the_internet
from tests.conftest import NOON


class Shop(BaseHTTPRequestHandler):
    """`/200`, `/404` … answer with that status; `/get` dislikes HEAD; `/to?…` leads on; `/rude` hangs up."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        place, _, onward = self.path.partition("?")
        if place == "/rude":
            self.connection.close()
            return
        if place == "/drip":
            self._drip()
            return
        if place == "/to":
            self.send_response(302)
            self.send_header("Location", onward)
        elif place == "/get":
            self.send_response(405 if self.command == "HEAD" else 200)
        else:
            self.send_response(int(place[1:]))
        self.end_headers()

    def _drip(self) -> None:
        """A header that never ends, a byte at a time."""
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    """The address of a shop; what it was asked is in `Shop.asked`."""
    Shop.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_drips_holds_nobody(shop: str) -> None:
    found = ask_all([f"{shop}/drip", f"{shop}/200"], anywhere, patience=0.5)
    assert [one.state for one in found] == ["unreached", "answers"]
    probes = [one for one in threading.enumerate() if one.name.startswith("probe")]
    for one in probes:
        one.join(5)
    assert not any(one.is_alive() for one in probes)


def anywhere(_address: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("path", "state", "reason"),
    [
        ("/200", "answers", ""),
        ("/get", "answers", ""),
        ("/200?для=сумок и рюкзаков", "answers", ""),
        ("/404", "broken", "404"),
        ("/500", "broken", "500"),
        ("/to?/200", "answers", ""),
        ("/to?/404", "broken", "404"),
        ("/to?/to?/to?/to?/200", "broken", "3xx"),
        ("/to?ftp://elsewhere", "unreached", ""),
        ("/rude", "unreached", ""),
    ],
)
def test_what_a_server_says(shop: str, path: str, state: str, reason: str) -> None:
    found = ask(shop + path, anywhere)
    assert (found.state, found.reason) == (state, reason)


def test_nothing_inside_our_walls_is_asked(shop: str) -> None:
    assert ask(f"{shop}/200").state == "private"
    assert Shop.asked == []


def test_a_redirect_doesnt_lead_inside(shop: str) -> None:
    port = int(shop.rpartition(":")[2])
    first = iter([True])
    assert ask(f"{shop}/to?http://127.0.0.1:{port}/200", lambda _: next(first, False)).state == "private"
    assert not any("/200" in one for one in Shop.asked if not one.startswith(("HEAD /to", "GET /to")))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "100.64.0.1", "x"),
        *("::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378::1"),
    ],
)
def test_walls(address: str) -> None:
    assert not on_the_internet(address)


def test_a_public_address_is_public() -> None:
    assert on_the_internet("93.184.215.14")
    assert on_the_internet("::ffff:93.184.215.14")
    assert on_the_internet("2606:2800:21f::1")


def test_an_answer_counts_for_a_while(shop: str) -> None:
    page = f"{shop}/200"
    assert [one.tone for one in look([page, page], NOON, anywhere)] == ["good"]
    look([page], NOON + timedelta(minutes=1), anywhere)
    assert len(Shop.asked) == 1
    look([page], NOON + probing.KEPT, anywhere)
    assert len(Shop.asked) == 2


def test_no_more_than_a_few_are_asked(shop: str) -> None:
    look([f"{shop}/200?{number}" for number in range(60)], NOON, anywhere)
    assert len(Shop.asked) == probing.MOST


def test_what_is_said_of_answers() -> None:
    good, bad, inside, lost = (Answer("https://a.example", state, "404") for state in STATES)
    assert [one.tone for one in judge([good, good])] == ["good"]
    assert [one.tone for one in judge([good, bad, lost])] == ["warn"]
    assert [one.tone for one in judge([inside])] == ["info"]
    found = judge([good, lost])
    assert "1 of 2 links" in found[0].sentence % found[0].values
    assert [one.tone for one in judge([lost])] == ["info"]


STATES = ("answers", "broken", "private", "unreached")
