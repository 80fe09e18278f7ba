"""`growth leads` and `growth score` as somebody types them."""

import os
from collections.abc import Callable, Iterator

import orjson
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from growth.cli import app
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.errors import GrowthError
from growth.settings import settings
from tests.leads.conftest import Write
from tests.scoring.funnel import add_leads

Growth = Callable[..., str]
HEADER = ("id", "company", "date", "source")


@pytest.fixture
def growth(database_url: str) -> Iterator[Growth]:
    """`growth("leads", "list")`: what the command prints, in this process; with `fails` what it says is wrong."""

    def run(*words: str, fails: bool = False) -> str:
        done = CliRunner().invoke(app, words)
        if fails:
            assert isinstance(done.exception, GrowthError)
            return str(done.exception)
        assert done.exception is None, done.exception
        return done.stdout

    os.environ["GROWTH_DATABASE_URL"] = database_url
    settings.cache_clear()
    yield run
    del os.environ["GROWTH_DATABASE_URL"]
    settings.cache_clear()


def test_import_list_and_show(growth: Growth, write: Write) -> None:
    path = write("leads.csv", HEADER, [("1", "晨光箱包", "2026-11-01", "fair"), ("2", "Bad", "soon", "")])
    assert "No open leads" in growth("leads", "list")
    told = growth("leads", "import", str(path), "--dry-run")
    assert "1 leads would be new" in told
    assert "1 rows can't go in" in told
    imported = orjson.loads(growth("leads", "import", str(path), "--json"))
    assert (imported["new"], imported["rejected"], len(imported["rejected_files"])) == (1, 1, 1)
    (lead,) = orjson.loads(growth("leads", "list", "--json"))
    assert (lead["name"], lead["channel"], lead["probability"]) == ("晨光箱包", "offline", None)
    assert "晨光箱包" in growth("leads", "show", str(lead["lead_id"]))
    assert "no such lead" in growth("leads", "show", "99", fails=True)
    assert "no file" in growth("leads", "import", "nowhere", fails=True)


def test_train_run_and_card(growth: Growth, engine: Engine) -> None:
    assert "no model yet" in growth("score", "card", fails=True)
    assert "Nothing to score" in growth("score", "run")
    with transaction(engine) as session:
        add_leads(session, SystemClock().now(), 400)
    assert "examples" in growth("score", "train")
    assert "open leads have a score" in growth("score", "run")
    card = orjson.loads(growth("score", "card", "--json"))
    assert (card["target"], card["state"]) == ("seller_won_90d", "champion")
    assert "seller_won_90d" in growth("score", "card")
    (first, *_) = orjson.loads(growth("leads", "list", "--json"))
    shown = orjson.loads(growth("leads", "show", str(first["lead_id"]), "--json"))
    assert shown["reasons"][0]["sentence"]
