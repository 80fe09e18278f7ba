"""`growth campaigns experiment`: what the pages do, from the terminal."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from growth.campaigns.experimenting import experiment_of
from growth.commands.experiment import experiment_app
from growth.database.engine import transaction
from growth.errors import GrowthError, InvalidError
from growth.settings import settings
from tests.campaigns.comparing import TWO, add_messages, compared, hold_out, run_of
from tests.campaigns.planned import make
from tests.campaigns.sending import set_up

Command = Callable[..., Any]


@pytest.fixture
def command(database_url: str) -> Iterator[Command]:
    """The commands on this test's database."""
    os.environ["GROWTH_DATABASE_URL"] = database_url
    settings.cache_clear()
    yield lambda *arguments, **more: CliRunner().invoke(experiment_app, [*arguments], **more)
    del os.environ["GROWTH_DATABASE_URL"]
    settings.cache_clear()


def declared(engine: Engine) -> Any:
    with transaction(engine) as session:
        return experiment_of(session, 1)


def test_what_show_prints_set_reads(engine: Engine, command: Command, tmp_path: Path) -> None:
    with transaction(engine) as session:
        make(session)
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    assert "compares 2 versions" in command("set", "Welcome", str(tmp_path / "two.json")).output
    told = json.loads(command("show", "Welcome", "--json").output)
    assert (told["state"], told["planned_size"], told["caused"]) == ("planned", 8_158, [])
    before = declared(engine).declaration
    assert command("remove", "1").exit_code == 0
    assert declared(engine) is None
    assert "same version" in command("show", "1").output
    command("set", "1", "-", input=json.dumps(told["declared"]))
    assert declared(engine).declaration == before
    assert "needed in each: 8,158" in command("size", "1").output
    assert json.loads(command("size", "1", "--json").output)["enough"] is False


WRONG = [
    "",
    "[]",
    '{"arms": 3}',
    '{"arms": [3]}',
    '{"arms": []}',
    '{"arms": [{"changes": {"subjects": {"en": 3}}}]}',
    json.dumps(TWO | {"outcome": ["click"]}),
    json.dumps(TWO | {"rule": {}}),
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_experiment_is_said(engine: Engine, command: Command, text: str) -> None:
    with transaction(engine) as session:
        make(session)
    assert isinstance(command("set", "1", "-", input=text).exception, InvalidError)
    assert isinstance(command("size", "1").exception, GrowthError)
    assert declared(engine) is None


def test_one_that_runs_is_shown_and_ended(engine: Engine, command: Command) -> None:
    with transaction(engine) as session:
        set_up(session, run_of(session, compared(session)).due_at)
        run = run_of(session, make(session, "Other"))
        add_messages(session, run, None, 3)
        hold_out(session, run, 3)
    assert "From now on everybody gets version B" in command("choose", "1", "B").output
    assert "Version B goes to everybody." in command("show", "1").output
    assert declared(engine).state == "stopped"
