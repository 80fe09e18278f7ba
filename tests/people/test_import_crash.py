"""Import under trouble: killed in the middle, started twice at once, overtaken by somebody else."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from growth.clock import FixedClock
from growth.database.engine import driver_url, transaction
from growth.people.identity import Known, ensure_person
from tests.people.bringing import ASKED, Importer

PEOPLE = 3_000


def written(people: int) -> str:
    return "email,phone,name\n" + "".join(f"p{n}@example.com,+7916{n:07d},Анна {n}\n" for n in range(people))


FILE = written(PEOPLE)

SCRIPT = """
import sys
from pathlib import Path
from growth.clock import SystemClock
from growth.database.engine import make_engine
from growth.people.importing.bring_in import ImportFile, bring_in
from growth.people.importing.files import guess_format
from growth.people.importing.permissions import read_permission

url, path = sys.argv[1], Path(sys.argv[2])
clock = SystemClock()
asked = read_permission(basis="consent", source="form", wording="Yes", at="2026-01-01", zone="UTC", now=clock.now())
form, bad = guess_format(path), path.with_suffix(".bad")
file = ImportFile(path=path, name="people.csv", form=form, rejected=bad, permission=asked)
print("started", flush=True)
print(bring_in(make_engine(url), clock, file, by="test"), flush=True)
"""
TABLES = ("person", "identity", "consent_fact", "consent", "audit_log")


def started(url: str, path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, url, str(path)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def sizes(engine: Engine) -> dict[str, int]:
    with transaction(engine) as session:
        return {table: session.scalar(text(f"select count(*) from {table}")) or 0 for table in TABLES}


def is_in(engine: Engine, words: str) -> bool:
    """Whether a statement that begins with these words is running."""
    query = text("select 1 from pg_stat_activity where state = 'active' and ltrim(query, E' \\n') like :words")
    with transaction(engine) as session:
        return session.scalar(query, {"words": f"{words}%"}) is not None


@pytest.mark.parametrize(
    ("moment", "blocked", "people"),
    [
        ("COPY", None, 30_000),
        ("insert into person", "person", PEOPLE),
        ("insert into identity", "identity", PEOPLE),
        ("insert into consent (", "consent", PEOPLE),
    ],
)
def test_killed_at_this_moment_nothing_is_half_done(
    engine: Engine, database_url: str, tmp_path: Path, *, moment: str, blocked: str | None, people: int
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(written(people))
    process = started(database_url, path)
    # A lock held by us stops the merge where the moment is; the copy is caught in its flight.
    with create_engine(driver_url(database_url), poolclass=NullPool).connect() as blocker:
        if blocked:
            blocker.execute(text(f"lock table {blocked} in exclusive mode"))
        while not is_in(engine, moment):
            assert process.poll() is None, "it ended before its moment"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        blocker.rollback()
    assert sizes(engine) == dict.fromkeys(TABLES, 0)
    second = started(database_url, path)
    assert second.communicate()[0].startswith("Counts")
    whole = {"person": people, "identity": 2 * people, "consent_fact": people, "consent": people, "audit_log": 1}
    assert sizes(engine) == whole


def test_the_same_file_twice_at_once_is_once(engine: Engine, clock: FixedClock, tmp_path: Path) -> None:
    def bring(turn: int) -> tuple[int, int]:
        folder = tmp_path / str(turn)
        folder.mkdir()
        counts = Importer(engine, clock, folder)(FILE, permission=ASKED)
        return counts.new, counts.unchanged

    with ThreadPoolExecutor(3) as pool:
        results = sorted(pool.map(bring, range(3)))
    assert results == [(0, PEOPLE), (0, PEOPLE), (PEOPLE, 0)]
    assert sizes(engine)["person"] == PEOPLE


def test_an_address_stored_by_somebody_else_meanwhile_is_found(
    bring: Importer, engine: Engine, clock: FixedClock
) -> None:
    """Somebody signs up between the plan and the merge: the file is planned again and joins them."""
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as session:
            session.execute(text("lock table identity in exclusive mode"))
            merging = pool.submit(bring, FILE, permission=ASKED)
            while not is_in(engine, "insert into identity"):
                assert not merging.done()
            ensure_person(session, Known(email="p7@example.com"), clock.now())
        counts = merging.result()
    assert (counts.new, counts.changed) == (PEOPLE - 1, 1)
    assert sizes(engine)["person"] == PEOPLE


def test_people_can_be_stored_while_a_file_is_merged(engine: Engine, clock: FixedClock, tmp_path: Path) -> None:
    importer = Importer(engine, clock, tmp_path)

    def sign_up(turn: int) -> int:
        with transaction(engine) as session:
            return ensure_person(
                session, Known(email=f"p{turn * 37}@example.com", phone=f"+7916{turn * 37:07d}"), clock.now()
            )

    with ThreadPoolExecutor(4) as pool:
        merging = pool.submit(importer, FILE, permission=ASKED)
        signed_up = list(pool.map(sign_up, range(60)))
        merging.result()
    assert len(set(signed_up)) == 60
    assert sizes(engine)["person"] == PEOPLE
    assert sizes(engine)["identity"] == 2 * PEOPLE
