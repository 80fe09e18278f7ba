"""What commands say of arguments and files that can't be right: a sentence and a status, never a traceback."""

from pathlib import Path

import pytest

from tests.running.starting import growth


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    (made / "people.csv").write_text("email\nnobody\n")
    (made / "long.csv").write_text("a" * 200_000)
    return made


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["people", "import", "people.csv", "--rejected", "."], 1),
        (["people", "suppress", "long.csv"], 1),
        (["spend", "rates", "long.csv"], 1),
        (["campaign", "list", "--state", "zz"], 2),
        (["channel", "report", "--country", "[/b]"], 1),
        (["job", "show", "9" * 30], 1),
        (["leads", "show", "9" * 30], 1),
        (["events", "key", "more"], 2),
    ],
)
def test_a_sentence_and_a_status(folder: Path, database_url: str, arguments: list[str], status: int) -> None:
    given = [str(folder / one) if one.endswith(".csv") else str(folder) if one == "." else one for one in arguments]
    answer = growth(*given, GROWTH_DATABASE_URL=database_url)
    assert answer.returncode == status, answer.stderr
    assert answer.stderr
    assert "Traceback" not in answer.stderr
