"""Bringing files in, for tests: a file from text or bytes, imported as a marketer would."""

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from growth.clock import Clock
from growth.people.importing.bring_in import ImportFile, bring_in
from growth.people.importing.files import guess_format
from growth.people.importing.permissions import FilePermission
from growth.people.importing.planning import Counts

ASKED = FilePermission(
    basis="consent",
    source="fair in Yiwu",
    wording="Yes, write to me about new goods.",
    at=datetime.fromisoformat("2026-10-01T08:00:00+00:00"),
)


@dataclass
class Importer:
    """Imports files into one database, from a folder of its own."""

    engine: Engine
    clock: Clock
    folder: Path
    rejected: list[dict[str, str]] = field(default_factory=list)

    def __call__(
        self,
        content: str | bytes,
        *,
        permission: FilePermission = FilePermission(),
        dry_run: bool = False,
        columns: dict[str, str] | None = None,
    ) -> Counts:
        """Import, and keep the rejected rows in `rejected`, each as {header: cell}."""
        path = self.folder / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        form = guess_format(path)
        form.columns.update(columns or {})
        rejected = self.folder / "rejected.csv"
        rejected.unlink(missing_ok=True)
        file = ImportFile(path=path, name="people.csv", form=form, rejected=rejected, permission=permission)
        counts = bring_in(self.engine, self.clock, file, by="marketer@example.com", dry_run=dry_run)
        self.rejected = []
        if rejected.exists():
            self.rejected = list(csv.DictReader(io.StringIO(rejected.read_text("utf-8-sig"), newline="")))
        return counts
