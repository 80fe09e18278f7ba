"""`growth events`."""

from pathlib import Path

from sqlalchemy import Engine

from growth.clock import SystemClock
from growth.events.collecting import collector_key
from tests.attribution.happened import found
from tests.running.starting import growth


def test_the_key_is_this_installation_s_unless_one_is_set() -> None:
    answer = growth("events", "key")
    assert (answer.returncode, answer.stdout.strip()) == (0, collector_key())
    assert len(collector_key()) == 64
    assert growth("events", "key", GROWTH_COLLECTOR_KEY="my own").stdout.strip() == "my own"


def test_a_database_that_was_not_moved_stays_as_it_is(database_url: str) -> None:
    answer = growth("events", "after-move", GROWTH_DATABASE_URL=database_url)
    assert answer.returncode == 0
    assert answer.stdout.startswith("Nothing to do")


def test_a_file_goes_in_once_and_its_bad_rows_are_named(engine: Engine, database_url: str, tmp_path: Path) -> None:
    found(engine, SystemClock().now())
    path = tmp_path / "sold.csv"
    path.write_text("kind,at,order,amount,currency\norder,2026-11-20 10:00,1,12.50,EUR\norder,2026-11-20,2,much,EUR\n")
    here = {"GROWTH_DATABASE_URL": database_url}
    first = growth("events", "import", str(path), **here)
    assert (first.returncode, first.stdout) == (0, "1 new, 0 known already, 1 left out.\n")
    assert "sold.csv, row 3, amount: This amount can't be read. Write it with a point" in first.stderr
    assert "much" in (tmp_path / "sold.rejected.csv").read_text(encoding="utf-8-sig")
    assert growth("events", "import", str(path), **here).stdout == "0 new, 1 known already, 1 left out.\n"
    path.write_text("kind,at\nnothing,2026-11-20\n")
    assert growth("events", "import", str(path), **here).returncode == 1
    wrong = growth("events", "import", str(path), "--zone", "Nowhere", **here)
    assert wrong.returncode != 0
    assert "There is no such time zone." in wrong.stderr
