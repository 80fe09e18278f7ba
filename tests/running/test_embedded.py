"""The embedded PostgreSQL: shared by several processes, and found again whatever happened to the last one."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from growth.database.embedded import EmbeddedServer, borrowed
from growth.database.installed import make_socket_folder, socket_folder
from growth.errors import PermanentError
from tests.running.starting import until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database has been made."""
    home = tmp_path_factory.mktemp("embedded") / "var"
    with borrowed(home) as url:
        assert ask(url, "select current_database()") == "growth"
    return home


@pytest.fixture
def other(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that uses the server."""
    program = (
        "import sys; from pathlib import Path; from growth.database.embedded import borrowed\n"
        "with borrowed(Path(sys.argv[1])): print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()
    EmbeddedServer(folder).stop()


def test_it_runs_for_as_long_as_it_is_borrowed(folder: Path) -> None:
    with borrowed(folder):
        assert EmbeddedServer(folder).pid() is not None
    assert EmbeddedServer(folder).pid() is None


def test_the_last_one_to_leave_stops_it(folder: Path, other: "subprocess.Popen[str]") -> None:
    server = EmbeddedServer(folder)
    with borrowed(folder) as url:
        other.communicate("")
        assert ask(url, "select 1") == 1
    assert server.pid() is None


def test_one_that_leaves_first_lets_it_run(folder: Path, other: "subprocess.Popen[str]") -> None:
    with borrowed(folder) as url:
        pass
    assert ask(url, "select 1") == 1
    other.communicate("")
    assert EmbeddedServer(folder).pid() is None


def test_one_left_over_is_used_and_then_stopped(folder: Path, other: "subprocess.Popen[str]") -> None:
    other.kill()
    other.wait()
    left = EmbeddedServer(folder).pid()
    assert left is not None
    with borrowed(folder) as url:
        assert ask(url, "select 1") == 1
        assert EmbeddedServer(folder).pid() == left
    assert EmbeddedServer(folder).pid() is None


def test_one_left_over_gives_way_to_one_that_ends_with_its_starter(
    folder: Path, other: "subprocess.Popen[str]"
) -> None:
    other.kill()
    other.wait()
    left = EmbeddedServer(folder).pid()
    server = EmbeddedServer(folder)
    server.enter(ends_with_us=True)
    assert server.pid() not in (None, left)
    server.leave()
    assert server.pid() is None


def test_a_process_that_only_has_the_old_number_is_let_be(folder: Path) -> None:
    with borrowed(folder):
        lines = (folder / "postgres" / "postmaster.pid").read_text().splitlines()
    (folder / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert EmbeddedServer(folder).pid() is None
    EmbeddedServer(folder).stop()
    assert psutil.pid_exists(os.getpid())
    (folder / "postgres" / "postmaster.pid").unlink()


def test_what_was_committed_survives_a_kill(folder: Path) -> None:
    with borrowed(folder) as url:
        with psycopg.connect(url) as connection:
            connection.execute("create table if not exists kept (one int)")
            connection.execute("insert into kept values (1)")
        pid = EmbeddedServer(folder).pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: EmbeddedServer(folder).pid() is None)
    with borrowed(folder) as url:
        assert ask(url, "select count(*) from kept") == 1


def test_one_that_was_never_finished_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "var" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with borrowed(tmp_path / "var") as url:
        assert ask(url, "select 1") == 1
    assert not half.exists()


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    old = tmp_path / "var" / "postgres"
    old.mkdir(parents=True)
    (old / "PG_VERSION").write_text("14\n")
    with (
        pytest.raises(PermanentError, match=r"made by PostgreSQL 14; this growth brings 18"),
        borrowed(tmp_path / "var"),
    ):
        pass
    assert [one.name for one in old.iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize("name", ["with space", "Пётр", "a,b", "l" * 120, "100%", 'quote"d'])
def test_any_folder_will_do(tmp_path: Path, name: str) -> None:
    with borrowed(tmp_path / name) as url:
        assert ask(url, "select current_setting('listen_addresses')") == ""


def test_a_socket_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    data = tmp_path / ("l" * 120) / "postgres"
    foreign = socket_folder(data)
    assert foreign.parent == Path(tempfile.gettempdir())
    foreign.mkdir(mode=0o777)
    foreign.chmod(0o777)
    try:
        with pytest.raises(PermanentError, match="belongs to somebody else"):
            make_socket_folder(data, os.geteuid())
    finally:
        foreign.rmdir()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
