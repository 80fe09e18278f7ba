"""The command line itself: quick to answer, plain when something is wrong."""

import subprocess
import sys

import pytest

from tests.running.starting import growth

HEAVY = {"sqlalchemy", "alembic", "fastapi", "pandas", "sklearn", "scipy", "sendgrid", "procrastinate", "psycopg"}


def test_help_names_every_part() -> None:
    answer = growth("--help")
    assert answer.returncode == 0
    assert {"run", "web", "work", "schedule", "migrate", "doctor", "settings", "account"} <= set(answer.stdout.split())


def test_help_loads_nothing_heavy() -> None:
    program = "import sys; sys.argv[1:] = []; import growth.cli; print(*{name.split('.')[0] for name in sys.modules})"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not HEAVY & set(answer.stdout.split())


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--port", "99999"], ["run", "--port", "x"]])
def test_what_it_does_not_understand_it_says(arguments: list[str]) -> None:
    answer = growth(*arguments)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_an_impossible_setting_is_named() -> None:
    answer = growth("account", "list", GROWTH_PORT="eight")
    assert answer.returncode == 1
    assert answer.stderr.startswith("GROWTH_PORT can't be used: ")
    assert len(answer.stderr.splitlines()) == 1


def test_settings_keep_secrets_to_themselves() -> None:
    answer = growth("settings", GROWTH_SENDGRID_API_KEY="SG.very-secret", COLUMNS="200")
    assert answer.returncode == 0
    assert "GROWTH_SENDGRID_API_KEY" in answer.stdout
    assert "very-secret" not in answer.stdout


def test_a_command_starts_the_homes_own_database_when_it_is_not_running() -> None:
    answer = growth("account", "list")
    assert (answer.returncode, answer.stderr) == (0, "")
