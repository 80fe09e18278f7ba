"""The parts started one by one against a database."""

import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from tests.running.starting import command, growth, until


@contextmanager
def part(name: str, database_url: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(
        command(name),
        stderr=subprocess.DEVNULL,
        env=os.environ | {"GROWTH_DATABASE_URL": database_url} | environment,
    ) as process:
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def count(database_url: str, query: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_growth_web_serves_pages(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with part("web", database_url, GROWTH_PORT=str(port)):
        until(lambda: _answers(f"http://127.0.0.1:{port}/login"))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_two_growth_work_share_the_queue(database_url: str) -> None:
    with part("work", database_url), part("work", database_url):
        until(lambda: count(database_url, "select count(*) from procrastinate_workers") == 2)


def test_growth_schedule_runs(database_url: str) -> None:
    with part("schedule", database_url) as process:
        sessions = "select count(*) from pg_stat_activity where application_name = 'growth scheduler'"
        until(lambda: count(database_url, sessions) > 0)
        assert process.poll() is None


@pytest.mark.parametrize("name", ["web", "work", "schedule"])
def test_a_part_asks_for_a_migrated_database(name: str, server_url: str) -> None:
    answer = growth(name, GROWTH_DATABASE_URL=server_url, GROWTH_PORT="0")
    assert answer.returncode == 1
    assert "Type “growth migrate”." in answer.stderr
    assert "Traceback" not in answer.stderr


def test_growth_migrate_can_be_repeated(database_url: str) -> None:
    answers = [growth("migrate", GROWTH_DATABASE_URL=database_url) for _ in range(2)]
    assert [answer.returncode for answer in answers] == [0, 0]
    assert answers[0].stdout == answers[1].stdout != ""


def test_a_worker_on_the_demo_refuses_a_real_provider(database_url: str, engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        session.add(
            Workspace(
                name="Demo",
                time_zone="UTC",
                currency="USD",
                sender_name="Demo",
                sender_email="demo@example.com",
                demo=True,
                set_up_at=clock.now(),
            )
        )
    answer = growth("work", GROWTH_DATABASE_URL=database_url, GROWTH_SENDGRID_API_KEY="SG.real")
    assert answer.returncode == 1
    assert "no real provider can be reached" in answer.stderr
