"""Where the root key comes from, and what happens when it is damaged or gone."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from growth.errors import PermanentError
from growth.keyring import key_is_there, keyring
from growth.settings import settings


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the key is kept, of a home that has none yet."""
    monkeypatch.delenv("GROWTH_SECRET_KEY")
    monkeypatch.setenv("GROWTH_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    keyring.cache_clear()
    yield tmp_path / "home" / "secret.key"
    monkeypatch.undo()
    settings.cache_clear()
    keyring.cache_clear()


def test_it_is_made_once_for_its_owner_only(kept: Path) -> None:
    assert not key_is_there()
    root = keyring().root
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [one.name for one in kept.parent.iterdir()] == ["secret.key"]
    keyring.cache_clear()
    assert keyring().root == root
    assert key_is_there()


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 64], ids=["empty", "blank", "cut", "binary"])
def test_a_damaged_one_is_told_and_never_used_or_replaced(kept: Path, content: bytes) -> None:
    kept.parent.mkdir()
    kept.write_bytes(content)
    with pytest.raises(PermanentError, match="damaged"):
        keyring()
    assert kept.read_bytes() == content


def test_one_that_is_no_file_is_told(kept: Path) -> None:
    kept.mkdir(parents=True)
    with pytest.raises(PermanentError, match="can't be read"):
        keyring()
