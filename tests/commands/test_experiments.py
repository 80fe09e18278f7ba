"""`growth experiments` does from the terminal what the pages do."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from growth.cli import app
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.measurement.holdouts import running
from growth.settings import settings
from tests.measurement.holdouts.filled import fill, workspace


@pytest.fixture
def filled(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A market of half a year until today, which commands look at."""
    monkeypatch.setenv("GROWTH_DATABASE_URL", database_url)
    settings.cache_clear()
    with transaction(engine) as session:
        workspace(session)
        fill(session, SystemClock().now().date() - timedelta(days=182), 182)
    yield engine
    monkeypatch.undo()
    settings.cache_clear()


def growth(*words: str) -> Result:
    result = CliRunner().invoke(app, ["experiments", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*words: str) -> Any:
    return orjson.loads(growth(*words, "--json").output)


def test_planned_begun_read_and_stopped(filled: Engine) -> None:
    shown = told("plan", "Search rests", "--channel", "paid_search")
    assert shown["share"] <= 0.3
    assert [one["weeks"] for one in shown["seen"]] == [2, 3, 4, 6, 8, 12]
    assert "Nothing is kept" in growth("plan", "Search rests", "--channel", "paid_search").output
    assert told("list") == []
    kept = told("plan", "Search rests", "--channel", "paid_search", "--regions", "BR,ES", "--save")
    assert kept["regions"] == ["BR", "ES"]
    assert "rests until" in growth("start", "Search rests").output
    with transaction(filled) as session:
        today = SystemClock().now().date()
        fill(session, today, 37, seed=2, effect=0.3, off=("BR", "ES"))
        running.look_at_next(session, SystemClock().now() + timedelta(days=37), None, 1)
    read = told("read", str(kept["id"]))
    assert read["state"] == "read"
    assert read["result"]["share_low"] < 0.3 < read["result"]["share_high"]
    assert "failed to come" in growth("read", "Search rests").output
    assert "Search rests" in growth("list").output
    with pytest.raises(ConflictError):
        growth("stop", "Search rests")


def test_what_isn_t_right_is_said(filled: Engine) -> None:
    assert filled
    with pytest.raises(NotFoundError):
        growth("read", "9" * 40)
    with pytest.raises(InvalidError):
        growth("plan", "x", "--channel", "nothing")
    with pytest.raises(InvalidError):
        growth("plan", "x", "--channel", "seo", "--weeks", "5")
