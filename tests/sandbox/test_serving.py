"""The sandbox as the process that `growth run` starts, and its visitors over time."""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from growth.clock import FixedClock
from growth.sandbox.dice import Dice
from growth.sandbox.market.traffic import Traffic
from growth.sandbox.market.visitors import Visitors
from growth.sandbox.product import Product
from tests.sandbox.listening import listening, until

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DICE = Dice("traffic")

SERVING = """
import socket, sys
from pathlib import Path
from growth.sandbox.serving import serve
listening = socket.create_server(("127.0.0.1", 0))
print("ready", flush=True)
serve(listening, home=Path(sys.argv[1]), database_url="", product_url=sys.argv[2])
"""


def test_it_ends_when_asked_and_remembers_where_it_was(tmp_path: Path) -> None:
    visited = tmp_path / "sandbox" / "visited"
    with listening() as product:
        for _ in range(2):
            visited.unlink(missing_ok=True)
            command = [sys.executable, "-c", SERVING, str(tmp_path), product.url]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                until(visited.exists)
                process.send_signal(signal.SIGTERM)
                assert process.wait(5) == 0


def test_visitors_are_told_once_through_refusals_and_a_restart(tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    told: list[str] = []
    with listening() as product:

        def catch_up(status: int) -> None:
            product.answers = lambda _: status
            product.heard.clear()
            reached = Product(product.url, "key")
            asyncio.run(Traffic(tmp_path / "visited", DICE, reached, clock).catch_up())
            if status == 200:
                told.extend(one["id"] for one in product.collected())

        catch_up(200)
        for minutes, status in ((5, 200), (4, 503), (4, 200), (1, 429), (6, 200)):
            clock.moment += timedelta(minutes=minutes)
            catch_up(status)
    whole = [one["id"] for one in Visitors(DICE, NOON.date()).happening(NOON, clock.moment)]
    assert sorted(told) == sorted(whole)
    assert whole
