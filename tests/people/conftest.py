"""Fixtures: an importer on a database of the test's own."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from growth.clock import FixedClock
from tests.people.bringing import Importer


@pytest.fixture
def bring(engine: Engine, clock: FixedClock, tmp_path: Path) -> Importer:
    """`bring("email\\nann@example.com\\n")` imports a file and returns the counts."""
    return Importer(engine, clock, tmp_path)
