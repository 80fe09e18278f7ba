"""Settings that can't work are one sentence, and none shows a secret."""

import pytest

from growth.database.engine import driver_url
from growth.errors import InvalidError
from growth.running.settings_table import lines
from growth.settings import Settings
from tests.running.starting import growth


@pytest.mark.parametrize("url", ["zz", "", "mysql://u:hunter2@h/x", "postgresql://u:hunter2@h:zz/x"])
def test_what_is_no_database_is_said_without_its_password(url: str) -> None:
    with pytest.raises(InvalidError, match="GROWTH_DATABASE_URL") as told:
        driver_url(url)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GROWTH_DATABASE_URL", "postgresql://u:hunter2@h:zz/x"),
        ("GROWTH_LOG_LEVEL", "loud"),
        ("GROWTH_SENDGRID_URL", "http://["),
        ("GROWTH_BASE_URL", "growth.example.com"),
        ("GROWTH_SHOP_URL", "javascript:alert(1)"),
    ],
)
def test_a_setting_that_cannot_work_is_one_sentence(name: str, value: str) -> None:
    told = growth("web", "--port", "0", **{"GROWTH_DATABASE_URL": "postgresql://127.0.0.1:9/none", name: value})
    assert told.returncode == 1
    assert name in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert "hunter2" not in told.stderr


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_DATABASE_URL", "")
    monkeypatch.setenv("GROWTH_PORT", "")
    found = Settings()
    assert found.database_url is None
    assert found.port == 8000


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@host/growth", "postgresql://host/growth?password=hunter2", "u:hunter2@host"]
)
def test_the_table_shows_no_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("GROWTH_DATABASE_URL", url)
    monkeypatch.setenv("GROWTH_COLLECTOR_KEY", "hunter2")
    assert "hunter2" not in "".join(line.present for line in lines(Settings()))
