"""`growth audiences`: saved from a file, shown, counted, and its SQL."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from growth.cli import app
from growth.database.engine import transaction
from growth.errors import GrowthError
from growth.settings import settings
from tests.campaigns.sending import add_people
from tests.conftest import NOON

Growth = Callable[..., str]
RUSSIA = {"all": [{"field": "country", "op": "in", "value": ["RU"]}]}


@pytest.fixture
def growth(database_url: str) -> Iterator[Growth]:
    """`growth("audiences", "list")`: what the command prints, in this process; with `fails` what it says is wrong."""

    def run(*words: str, fails: bool = False, given: str = "") -> str:
        done = CliRunner().invoke(app, words, input=given)
        if fails:
            assert isinstance(done.exception, GrowthError), done.exception
            return str(done.exception)
        assert done.exception is None, done.exception
        return done.stdout

    os.environ["GROWTH_DATABASE_URL"] = database_url
    settings.cache_clear()
    yield run
    del os.environ["GROWTH_DATABASE_URL"]
    settings.cache_clear()


def test_saved_shown_counted_and_read_as_sql(growth: Growth, engine: Engine, tmp_path: Path) -> None:
    with transaction(engine) as session:
        add_people(session, 3, NOON, country="RU")
        add_people(session, 2, NOON, country="BR", prefix="b")
    file = tmp_path / "russia.json"
    file.write_bytes(orjson.dumps(RUSSIA))
    assert "version 1" in growth("audiences", "save", "Россия", str(file))
    assert "version 2" in growth("audiences", "save", "Россия", "-", given='{"all": []}')
    assert "version 3" in growth("audiences", "save", "Россия", str(file))
    assert orjson.loads(growth("audiences", "show", "Россия")) == RUSSIA
    assert growth("audiences", "count", "Россия").strip() == "3 people"
    assert growth("audiences", "count", "-", "--about", given='{"all": []}').strip() == "5 people"
    statement = growth("audiences", "sql", str(file))
    with transaction(engine) as session:
        assert session.scalar(text(statement.replace(":", r"\:"))) == 3
    (listed,) = orjson.loads(growth("audiences", "list", "--json", "--find", "осс"))
    assert (listed["name"], listed["version"]) == ("Россия", 3)
    assert "Россия" in growth("audiences", "list")


def test_what_cant_be_read_is_said(growth: Growth, tmp_path: Path) -> None:
    assert "no audience “nowhere”" in growth("audiences", "count", "nowhere", fails=True)
    assert "can't be read" in growth("audiences", "count", str(tmp_path / "missing.json"), fails=True)
    assert "can't be read" in growth("audiences", "save", "Bad", "-", given="{", fails=True)
    told = growth("audiences", "sql", "-", given='{"all": [{"field": "shoes", "op": "in"}]}', fails=True)
    assert told.startswith("1: There is no condition “shoes”.")
