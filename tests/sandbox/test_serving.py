"""The sandbox as the process that `growth run` starts, and its visitors over time."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.experiments.holdouts.records import Holdout
from growth.measurement.holdouts.running import stop
from growth.sandbox.dice import Dice
from growth.sandbox.market.traffic import Traffic
from growth.sandbox.market.visitors import Visitors
from growth.sandbox.product import Product
from growth.sandbox.resting import resting_now
from tests.sandbox.listening import listening, until

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DICE = Dice("traffic")

SERVING = """
import socket, sys
from pathlib import Path
from growth.sandbox.serving import serve
listening = socket.create_server(("127.0.0.1", 0))
print("ready", flush=True)
serve(listening, home=Path(sys.argv[1]), product_url=sys.argv[2], database_url=sys.argv[3])
"""


def test_it_ends_when_asked_and_remembers_where_it_was(tmp_path: Path, database_url: str) -> None:
    visited = tmp_path / "sandbox" / "visited"
    with listening() as product:
        for _ in range(2):
            visited.unlink(missing_ok=True)
            command = [sys.executable, "-c", SERVING, str(tmp_path), product.url, database_url]
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


def test_nobody_comes_by_a_channel_that_rests(engine: Engine, database_url: str, tmp_path: Path) -> None:
    """Planned, begun, stopped: each is obeyed from the next time visitors are told."""
    clock, resting = FixedClock(NOON), partial(resting_now, database_url)
    with listening() as product:
        traffic = Traffic(tmp_path / "visited", DICE, Product(product.url, "key"), clock, resting)

        def came() -> Counter[str]:
            """By paid search in the next hours, by country."""
            product.heard.clear()
            for _ in range(18):
                clock.moment += timedelta(minutes=10)
                asyncio.run(traffic.catch_up())
            pages = [one for one in product.collected() if "gclid" in one["properties"].get("url", "")]
            return Counter(one["country"] for one in pages)

        asyncio.run(traffic.catch_up())
        assert {"RU", "US"} <= set(came())
        days = {"starts_on": NOON.date(), "ends_on": NOON.date() + timedelta(weeks=5), "weeks": 4, "settle_days": 7}
        said = {"name": "Search rests", "kind": "regions", "side": "buyer", "channel": "paid_search", "plan": {}}
        more = {"outcome": "acquired", "regions": ["RU", "BR"], "created_by": "test", "created_at": NOON}
        with transaction(engine) as session:
            session.add(held := Holdout(**said, **more, **days))
        rested = came()
        assert rested["US"]
        assert not rested.keys() & {"RU", "BR"}
        with transaction(engine) as session:
            stop(session, held.id, actor="test", now=clock.moment)
        assert came()["RU"]
