"""The collector and the worker killed under load, everything told twice: the figures are those of one clean run."""

import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from growth.clock import SystemClock
from growth.events.collecting import collector_key
from tests.journeys.faulty_sending import Workers, until
from tests.journeys.killing import do, killed_at, quick_workers
from tests.journeys.same_figures import Sent, batches, clean, figures_of, setting, story
from tests.journeys.test_collector_kills import web

SENDERS = 3


class Shop(threading.Thread):
    """A shop's server that tells everything twice, in an order of its own, each batch until it is answered."""

    def __init__(self, port: int, told: Sequence[Sent], seed: int) -> None:
        super().__init__(daemon=True)
        arriving = [*told, *told]
        random.Random(seed).shuffle(arriving)
        self._url = f"http://127.0.0.1:{port}/e"
        self.waiting = batches(arriving, 25)
        self.pause = threading.Event()

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {collector_key()}"}
        while self.waiting:
            try:
                answer = httpx.post(self._url, json=self.waiting[-1], headers=headers, timeout=10)
                if answer.status_code == 200 and not answer.json()["refused"]:
                    self.waiting.pop()
            except httpx.HTTPError:
                pass
            self.pause.wait(0.1)


@pytest.fixture
def team(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    with quick_workers(database_url, tmp_path / "workers.log") as made:
        yield made


@pytest.mark.journey
def test_killed_under_load_and_half_way_the_figures_are_the_same(
    engine: Engine, database_url: str, team: Workers
) -> None:
    now = SystemClock().now()
    setting(engine, now)
    told = story(3, now)
    expected = clean(engine, told, now)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shops = [Shop(port, told, seed) for seed in range(SENDERS)]
    whole = sum(len(shop.waiting) for shop in shops)
    collector: subprocess.Popen[bytes] = web(database_url, port)
    try:
        for shop in shops:
            shop.start()
        for part, table in enumerate(("touch", "credit", "channel_day", "step_day"), 1):
            left = whole - whole * part // 6
            until(lambda left=left: sum(len(shop.waiting) for shop in shops) <= left)  # type: ignore[misc]
            killed_at(engine, team, "credit_channels", table)
            collector.send_signal(signal.SIGKILL)
            collector.wait()
            collector = web(database_url, port)
        for shop in shops:
            shop.join(120)
        assert not any(shop.waiting for shop in shops)
    finally:
        collector.kill()
        collector.wait()
    team.start()
    do(engine, "credit_channels")
    for name, rows in figures_of(engine).tables.items():
        assert rows == expected.tables[name], name
