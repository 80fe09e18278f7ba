"""What was accepted stays, whatever ends when; and is found again."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid import SendGridAPIClient

from growth.errors import ConflictError, NotFoundError
from growth.sandbox.mailbox.progress import Progress
from growth.sandbox.mailbox.store import Mailbox

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def mail(*addresses: str, text: str = "Good day") -> dict[str, Any]:
    return {
        "personalizations": [{"to": [{"email": address}]} for address in addresses],
        "from": {"email": "hello@example.com"},
        "subject": "Welcome",
        "content": [{"type": "text/plain", "value": text}],
    }


def recipients(mailbox: Mailbox) -> list[str]:
    return [message.recipient for message in mailbox.messages()]


def test_a_mailbox_opened_again_has_the_same_messages(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    box.accept(mail("a@x.example", "b@x.example", text="Добрый день\n您好"), "first", NOON)
    box.accept(mail("a@x.example"), "second", NOON)
    before = list(box.messages())
    box.close()
    again = Mailbox(tmp_path)
    assert list(again.messages()) == before
    assert again.accept(mail("c@x.example"), "third", NOON).first == 4
    again.close()


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw[:-60], lambda raw: raw[:-9] + b"x" * 9])
def test_a_request_not_written_to_its_end_is_gone_with_all_its_recipients(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    box = Mailbox(tmp_path)
    box.accept(mail("a@x.example"), "first", NOON)
    box.accept(mail("b@x.example", "c@x.example"), "second", NOON)
    box.close()
    (tmp_path / "mail").write_bytes(damage((tmp_path / "mail").read_bytes()))
    again = Mailbox(tmp_path)
    assert recipients(again) == ["a@x.example"]
    again.accept(mail("d@x.example"), "third", NOON)
    again.close()
    last = Mailbox(tmp_path)
    assert recipients(last) == ["a@x.example", "d@x.example"]
    last.close()


def test_two_cannot_have_it_open(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    with pytest.raises(ConflictError):
        Mailbox(tmp_path)
    box.close()


def test_no_message_has_a_number_beyond(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    box.accept(mail("a@x.example"), "first", NOON)
    for number in (0, 2, -1, 2**70):
        with pytest.raises(NotFoundError):
            box.read(number)
    box.close()


@given(
    st.lists(st.sampled_from(["anna@x.example", "ann@x.example", "na@x.example", "оля@x.example"]), max_size=12),
    st.sampled_from(["", "ann", "na@", "@x", "оля", "\nann@x.example\n", "\nna", "example\n", "nobody"]),
    st.integers(1, 14),
)
def test_searching_is_the_same_as_looking_at_each(
    tmp_path_factory: pytest.TempPathFactory, addresses: list[str], part: str, before: int
) -> None:
    box = Mailbox(tmp_path_factory.mktemp("mailbox"))
    for address in addresses:
        box.accept(mail(address), "any", NOON)
    expected = [
        number for number in range(len(addresses), 0, -1) if number < before if part in f"\n{addresses[number - 1]}\n"
    ]
    assert list(box.numbers(part, before)) == expected
    box.close()


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4))))
def test_marks_are_kept(tmp_path_factory: pytest.TempPathFactory, marks: list[tuple[int, int]]) -> None:
    folder = tmp_path_factory.mktemp("progress")
    progress = Progress(folder)
    for number, step in marks:
        progress.mark(number, [step], of=5)
    progress.close()
    again = Progress(folder)
    assert all(again.is_done(number, step) == ((number, step) in marks) for number in range(1, 10) for step in range(5))
    finished = {number for number in range(1, 10) if {step for one, step in marks if one == number} == set(range(5))}
    assert set(again.unfinished(9)) == set(range(1, 10)) - finished
    again.close()


SERVING = """
import socket, sys
from pathlib import Path
from growth.sandbox.serving import Sandbox
import asyncio
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
asyncio.run(Sandbox(Path(sys.argv[1])).run(listening, asyncio.Event()))
"""


def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    answered: set[str] = set()
    chance = random.Random(7)
    for life in range(4):
        with subprocess.Popen([sys.executable, "-c", SERVING, tmp_path], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            client = SendGridAPIClient("SG.sandbox", host=f"http://127.0.0.1:{process.stdout.readline().strip()}")
            kill = threading.Timer(chance.uniform(0.1, 0.4), os.kill, (process.pid, signal.SIGKILL))
            kill.start()
            with suppress(OSError, HTTPException):
                for request in range(10_000):
                    addresses = [f"life{life}.request{request}.{place}@x.example" for place in range(200)]
                    client.send(mail(*addresses, text="x" * 50_000))
                    answered.update(addresses)
            kill.join()
    box = Mailbox(tmp_path / "sandbox")
    found = Counter(recipients(box))
    box.close()
    assert answered <= found.keys()
    assert set(found.values()) == {1}
    requests = Counter(tuple(address.split(".")[:2]) for address in found)
    assert set(requests.values()) == {200}
