"""`growth run`: what it starts, what it survives, and what it leaves behind."""

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.running.starting import command, growth, none_left, running, started, until

PARTS = {"web", "scheduler", "worker"}


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was started and stopped once."""
    home = tmp_path_factory.mktemp("home") / "var"
    with running(home, "--no-demo") as found:
        assert found.status() == 200
    return home


def test_an_empty_product_says_where_it_is_set_up(lived_in: Path) -> None:
    with running(lived_in, "--no-demo") as found:
        assert re.search(r"Set it up at http://127\.0\.0\.1:\d+/setup\?token=\w{32}$", found.lines[0])
        assert found.status() == 200
        assert {path.stem for path in (lived_in / "logs").glob("*.log")} >= PARTS


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_every_process_within_five_seconds(lived_in: Path, how: signal.Signals) -> None:
    with running(lived_in, "--no-demo") as found:
        family = found.family()
        assert len(family) > len(PARTS)
        asked = time.monotonic()
        found.process.send_signal(how)
        assert found.process.wait(10) == 0
        assert time.monotonic() - asked <= 5  # the promise itself, not a measurement of speed
        until(lambda: none_left(family))


def test_a_stop_while_starting_leaves_nothing(tmp_path: Path) -> None:
    with started(tmp_path / "var", "--no-demo") as found:
        until(lambda: (tmp_path / "var" / "postgres.new").exists() or (tmp_path / "var" / "postgres").exists())
        family = found.family()
        found.process.send_signal(signal.SIGINT)
        assert found.process.wait(10) == 0
        until(lambda: none_left(family))
    assert not any("Traceback" in line for line in found.lines)


def test_killed_it_leaves_nothing_that_stops_the_next_start(lived_in: Path) -> None:
    for _ in range(2):
        with running(lived_in, "--no-demo") as found:
            family = found.family()
            found.process.kill()
            with running(lived_in, "--no-demo") as again:
                assert again.status() == 200
                until(lambda: none_left(family))  # noqa: B023 - called at once


def test_killed_make_leaves_nothing_behind(lived_in: Path) -> None:
    run = command("run", "--no-demo", "--home", str(lived_in), "--port", "0", "--with-parent")
    make = ["sh", "-c", '"$@"; true', "make", *run]
    with subprocess.Popen(make, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "Ctrl-C" not in process.stdout.readline():
            pass
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) > len(PARTS)
        process.kill()
    until(lambda: none_left(family))


def test_a_killed_child_is_started_again_and_named(lived_in: Path) -> None:
    with running(lived_in, "--no-demo") as found:
        victim = found.child(postgres=False)
        victim.kill()
        until(lambda: found.said("was ended by SIGKILL; it starts again in"))
        until(lambda: len(psutil.Process(found.process.pid).children()) == len(PARTS) + 1)
        assert found.status() == 200


def test_a_killed_postgresql_is_started_again(lived_in: Path) -> None:
    with running(lived_in, "--no-demo") as found:
        found.child(postgres=True).kill()
        until(lambda: found.said("PostgreSQL ended and was started again"))
        until(lambda: found.status() == 200)


def test_a_second_one_in_the_same_home_is_refused(lived_in: Path) -> None:
    with running(lived_in, "--no-demo") as found:
        second = growth("run", "--no-demo", "--home", str(lived_in), "--port", "0")
        assert refused(second, f"process {found.process.pid}")
        assert found.status() == 200


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert refused(growth("run", "--home", str(tmp_path / "var"), "--port", port), f"Port {port} is taken")
    assert not (tmp_path / "var" / "postgres").exists()


def test_an_unreachable_database_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    url = "postgresql://growth:very-secret@127.0.0.1:1/growth"
    answer = growth("run", "--home", str(tmp_path / "var"), "--port", "0", GROWTH_DATABASE_URL=url)
    assert refused(answer, "The database can't be reached")
    assert "very-secret" not in answer.stderr


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    home = tmp_path / "var"
    limited = ["sh", "-c", 'ulimit -f 1000; exec "$0" "$@"', *command("run", "--home", str(home), "--port", "0")]
    answer = subprocess.run(limited, capture_output=True, text=True, timeout=60, check=False)
    assert refused(answer, "There is no room on the disk")
    with running(home, "--no-demo") as found:  # and once there is room, it starts
        assert found.status() == 200


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert refused(growth("run", "--home", str(tmp_path / "file" / "var"), "--port", "0"), "can't be used")


def test_with_a_database_of_ones_own_there_is_no_embedded_one(tmp_path: Path, database_url: str) -> None:
    home = tmp_path / "var"
    with running(home, "--no-demo", GROWTH_DATABASE_URL=database_url) as found:
        assert found.status() == 200
        assert not (home / "postgres").exists()
        with psycopg.connect(database_url) as connection:
            query = "select count(*) from procrastinate_workers"
            until(lambda: connection.execute(query).fetchone() == (1,))


def test_idle_memory_is_within_the_promise(lived_in: Path) -> None:
    with running(lived_in, "--no-demo") as found:
        ours = [one for one in found.family() if one.name() != "postgres"]
        assert len(ours) == len(PARTS) + 1
        assert sum(one.memory_info().rss for one in ours) < 400 * 2**20


def refused(answer: "subprocess.CompletedProcess[str]", words: str) -> bool:
    """Whether a command failed with one plain line that holds these words."""
    lines = answer.stderr.strip().splitlines()
    assert (answer.returncode, len(lines)) == (1, 1), answer.stderr
    assert words in lines[0]
    return "Traceback" not in answer.stderr
