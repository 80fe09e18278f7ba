"""`growth report` from a shell: the week, its files, and links that are made, listed and taken back."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from arro3.io import read_parquet
from sqlalchemy import Engine, select

from growth.database.audit import AuditEntry
from growth.database.changed_days import zone_of
from growth.database.engine import transaction
from growth.measurement.reports.weeks import last_week, name_of
from tests.attribution.happened import found
from tests.measurement.reports.filled import fill
from tests.running.starting import growth

NOW = datetime.now(UTC)


def told(*words: str, **here: str) -> Any:
    answer = growth("report", *words, "--json", **here)
    assert answer.returncode == 0, answer.stderr
    return orjson.loads(answer.stdout)


def test_the_week_its_files_and_its_links(engine: Engine, database_url: str, tmp_path: Path) -> None:
    found(engine, NOW, zone="UTC")
    with transaction(engine) as session:
        week = last_week(NOW, zone_of(session))
        fill(session, NOW, week)
    here = {"GROWTH_DATABASE_URL": database_url, "COLUMNS": "200"}
    files = [tmp_path / f"week.{ending}" for ending in ("csv", "parquet", "html")]
    options = [word for file in files for word in (f"--{file.suffix[1:]}", str(file))]
    assert growth("report", "weekly", *options, **here).returncode == 0
    rows = list(csv.DictReader(io.StringIO(files[0].read_text("utf-8-sig"))))
    assert next(row["Cost"] for row in rows if row["Channel"] == "Paid search") == "910.00"
    assert sum(batch.num_rows for batch in read_parquet(str(files[1]))) == len(rows)
    assert "Paid search" in files[2].read_text()
    kept = told("weekly", "--week", name_of(week), **here)
    assert (kept["version"], kept["total"]["cost_minor"]) == (1, 119_000)
    assert told("weekly", "--again", **here)["version"] == 2
    assert "Parent-site referral" in growth("report", "weekly", **here).stdout
    assert growth("report", "weekly", "--week", "2099-W01", **here).returncode == 1
    made = told("share", "--side", "seller", "--days", "1", **here)
    assert "/r/" in made["link"]
    assert [one["id"] for one in told("links", **here)] == [made["id"]]
    assert growth("report", "revoke", str(made["id"]), **here).returncode == 0
    assert growth("report", "links", **here).stdout == "No link works.\n"
    assert told("links", "--ended", **here)[0]["revoked_at"]
    with transaction(engine) as session:
        actions = list(session.scalars(select(AuditEntry.action)))
    assert actions == ["report made again", "report link made", "report link revoked"]
