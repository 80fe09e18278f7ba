"""Files of leads, and the import as the command calls it."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.leads.importing.bring_in import Brought, LeadImport, import_leads

Write = Callable[..., Path]
Bring = Callable[..., Brought]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("leads.csv", header, rows)`: a file in this test's folder `files`."""

    def make(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return make


@pytest.fixture
def bring(engine: Engine, clock: FixedClock, tmp_path: Path) -> Bring:
    """`bring(path, …)`: import, with rejected rows in this test's folder."""

    def make(*paths: Path, dry_run: bool = False, **more: object) -> Brought:
        asked = LeadImport(paths=paths, rejected=tmp_path / "rejected", **more)  # type: ignore[arg-type]
        return import_leads(engine, clock, asked, by="test", dry_run=dry_run)

    return make
