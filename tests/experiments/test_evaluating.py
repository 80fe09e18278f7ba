"""Judging any file: found in whatever encoding it is, bad rows named and left out, in words where it can't be."""

import csv
import gzip
import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from growth.commands.experiment import experiment_app
from growth.errors import InvalidError
from growth.experiments.cells import read_cell, read_number
from growth.experiments.evaluating import Asked, evaluate

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "email_experiment" / "hillstrom.csv.gz"
HEADER = ["who", "group", "visited", "spent", "country"]
Rows = Sequence[Sequence[str]]


def people(number: int = 400, *, lift: float = 0.3, yes: str = "1", no: str = "0") -> list[list[str]]:
    """Two groups, a fifth of the first and more of the second visited; every tenth who did spent something."""
    dice = random.Random(7)
    rows = []
    for place in range(number):
        group = ("none", "mail")[place % 2]
        did = dice.random() < (0.2 + lift if group == "mail" else 0.2)
        spent = f"{dice.random() * 50:.2f}" if did and place % 3 == 0 else "0"
        rows.append([str(place), group, yes if did else no, spent, ("RU", "BR")[place % 4 // 2]])
    return rows


def write(path: Path, rows: Rows, *, separator: str = ",", encoding: str = "utf-8", header: Rows = (HEADER,)) -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows([*header, *rows])
    packed = out.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(packed) if path.suffix == ".gz" else packed)
    return path


def judged(path: Path, **asked: Any) -> dict[str, Any]:
    return evaluate(Asked(path, **{"group": "group", "control": "none", "outcome": "visited"} | asked))


@pytest.mark.skipif(not HILLSTROM.exists(), reason="the e-mail experiment is not at ../shared/data")
def test_hillstrom_s_experiment() -> None:
    found = judged(HILLSTROM, group="segment", control="No E-Mail", outcome="visit", value="spend")
    women, men = found["effects"]["Womens E-Mail"], found["effects"]["Mens E-Mail"]
    assert women["effect"] == pytest.approx(4.52, abs=0.01)
    assert (women["low"], women["high"]) == pytest.approx((3.889, 5.157), abs=1e-3)
    assert men["effect"] == pytest.approx(7.66, abs=0.01)
    assert (men["low"], men["high"]) == pytest.approx((6.995, 8.323), abs=1e-3)
    assert found["groups"]["Mens E-Mail"]["n"] == 21_307
    assert not found["mismatch"]["found"]
    assert found["value"]["effects"]["Womens E-Mail"]["effect"] == pytest.approx(0.4244, abs=1e-4)


@pytest.mark.parametrize(
    ("separator", "encoding", "name"),
    [
        (",", "utf-8", "a.csv"),
        (";", "utf-8-sig", "a.csv"),
        ("\t", "utf-16", "a.txt"),
        (",", "gb18030", "a.csv"),
        (";", "cp1251", "a.csv.gz"),
    ],
)
def test_whatever_form_the_file_has(tmp_path: Path, separator: str, encoding: str, name: str) -> None:
    letters = {"gb18030": ("无邮件", "有邮件"), "cp1251": ("без письма", "с письмом")}.get(encoding, ("none", "mail"))
    rows = [[one[0], letters[one[1] == "mail"], *one[2:]] for one in people()]
    found = judged(write(tmp_path / name, rows, separator=separator, encoding=encoding), control=letters[0])
    plain = judged(write(tmp_path / "plain.csv", people()))
    assert found["effects"][letters[1]] == plain["effects"]["mail"]
    assert found["people"] == 400


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("TRUE", "FALSE"), ("да", "нет"), ("是", "否"), ("1.0", "0.0")])
def test_yes_and_no_in_words(tmp_path: Path, yes: str, no: str) -> None:
    found = judged(write(tmp_path / "a.csv", people(yes=yes, no=no)))
    assert found["kind"] == "binary"
    assert found["effects"] == judged(write(tmp_path / "b.csv", people()))["effects"]


def test_an_amount_is_told_from_yes_and_no(tmp_path: Path) -> None:
    found = judged(write(tmp_path / "a.csv", people(lift=0.7)), outcome="spent")
    assert (found["kind"], found["unit"]) == ("numeric", "spent")
    assert found["effects"]["mail"]["method"] == "welch"
    assert found["groups"]["mail"]["mean"] > found["groups"]["none"]["mean"]


def test_bad_rows_are_named_and_the_rest_is_used(tmp_path: Path) -> None:
    rows = people()
    rows[0][2] = "maybe"
    rows[1][2] = ""
    rows[2][1] = " "
    rows[3] = ["3", "none", "1", "0", "RU", "one too many"]
    rows[4][2] = "7"
    rows[5] = ["5", "a line\nin a cell", "0", "0", "RU"]
    rows[7] = ["7"]
    found = judged(write(tmp_path / "a.csv", rows))
    lines = {why: trouble["lines"] for why, trouble in found["left_out"].items()}
    assert lines == {
        "its outcome can't be read": [2],
        "its outcome is empty": [3],
        "its group is empty": [4],
        "it has more or fewer cells than the header": [5, 10],
        "its outcome is neither yes nor no": [6],
    }
    assert found["people"] == 394
    assert "a line in a cell" in found["groups"]


def test_a_value_and_segments_beside_it(tmp_path: Path) -> None:
    rows = people()
    rows[9][3] = "much"
    found = judged(write(tmp_path / "a.csv", rows), value="spent", segment="country")
    assert found["value"]["groups"]["mail"]["n"] + found["value"]["groups"]["none"]["n"] == 399
    assert found["left_out"]["its value is empty or no number"]["lines"] == [11]
    assert set(found["segments"]) == {"RU", "BR"}
    assert sum(part["groups"]["mail"]["n"] for part in found["segments"].values()) == 200


def test_a_broken_split_is_warned_of(tmp_path: Path) -> None:
    rows = [one for place, one in enumerate(people(2_000)) if one[1] == "none" or place % 10 == 1]
    assert judged(write(tmp_path / "a.csv", rows))["mismatch"]["found"]
    assert not judged(tmp_path / "a.csv", split={"none": 5, "mail": 1})["mismatch"]["found"]


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"outcome": "visted"}, "outcome", "visited"),
        ({"group": "Gruop"}, "group", "group"),
        ({"value": "spend"}, "value", "spent"),
        ({"control": "nonne"}, "control", "none"),
        ({"control": "x" * 500}, "control", "mail, none"),
        ({"group": "who", "control": "1"}, "group", "more than 100 different groups"),
        ({"segment": "who"}, "segment", "more than 200 different segments"),
        ({"split": {"none": 1.0}}, "split", "each group once"),
        ({"split": {"none": 1.0, "mail": 0.0}}, "split", "each group once"),
    ],
)
def test_what_can_t_be_is_said_with_what_would(tmp_path: Path, asked: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(InvalidError) as told:
        judged(write(tmp_path / "a.csv", people(500)), **asked)
    assert told.value.field == field
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "no rows"),
        (b"group,visited\n", "No row of the file can be used"),
        (b"group,visited\nnone,1\nnone,0\n", "nothing to compare"),
        (b'group,visited\nnone,1\n"mail,0\n', "never closed"),
        (b"PK\x03\x04zip", "workbook"),
        (b"\x1f\x8bnot gzip", "can't be unpacked"),
        (b"group,visited\nnone,?\nmail,\n", "No row of the file can be used"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidError, match=words):
        judged(path)
    with pytest.raises(InvalidError, match="no file"):
        judged(tmp_path / "nowhere.csv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"group,visited\nnone,1\nmail,0\n" + content)
    try:
        found = judged(path)
    except InvalidError:
        return
    assert found["rows"] == found["people"] + sum(one["rows"] for one in found["left_out"].values())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0), ("-2.5", -2.5), ("1,5", 1.5), ("1,234", 1234.0), ("1,234.5", 1234.5), ("1.234,5", 1234.5),
        ("$ 12.30", 12.3), ("12,30 €", 12.3), ("1 234,5", 1234.5), ("1e3", 1000.0), ("1,234,567", 1234567.0),
        ("inf", None), ("nan", None), ("1_000", None), ("", None), ("१२", None), ("1.2.3", None), ("x", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, number: float | None) -> None:
    assert read_number(text) == number


def test_cells() -> None:
    assert (read_cell("0").flag, read_cell("1").flag, read_cell("2").flag) == (False, True, None)
    assert read_cell("NULL").missing
    assert read_cell("Converted").flag is True


def test_the_command_prints_tables_and_names(tmp_path: Path) -> None:
    rows = [[one[0], f"[b]{one[1]}", *one[2:]] for one in people()]
    rows[0][2] = "?"
    path = write(tmp_path / "a.csv", rows)
    asked = ["evaluate", str(path), "--group", "group", "--control", "[b]none", "--outcome", "visited"]
    answer = CliRunner().invoke(
        experiment_app, [*asked, "--value", "spent", "--split", "[b]none=50", "--split", "[b]mail=50"]
    )
    assert answer.exit_code == 0, answer.output
    for words in (
        "[b]mail",
        "95 %",
        "two-sample test",
        "Left out since its outcome is empty: 1 (line 2)",
        "fit the split",
    ):
        assert words in answer.output
    wrong = CliRunner().invoke(experiment_app, [*asked, "--split", "half"])
    assert wrong.exit_code == 2
    told = CliRunner().invoke(experiment_app, [*asked, "--json"])
    assert '"control": "[b]none"' in told.output


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    header = [["who", "group", "visited", "visited", "Group"]]
    with pytest.raises(InvalidError) as twice:
        judged(write(tmp_path / "twice.csv", people(), header=header))
    assert twice.value.field == "outcome"
    assert twice.value.values["times"] == 2
    once = write(tmp_path / "once.csv", people(), header=[["who", "group", "visited", "spent", "Group"]])
    assert judged(once)["people"] == 400  # as it is written exactly


def test_names_can_be_shown_on_a_terminal(tmp_path: Path) -> None:
    rows = [[who, f"\x1b[31m{group}\x07", *rest] for who, group, *rest in people()]
    found = judged(write(tmp_path / "signs.csv", rows), control="\ufffd[31mnone\ufffd")
    assert set(found["groups"]) == {"\ufffd[31mnone\ufffd", "\ufffd[31mmail\ufffd"}


def test_an_absurd_amount_is_left_out_rather_than_turning_all_to_nothing(tmp_path: Path) -> None:
    rows = people()
    rows[0][3], rows[1][3] = "1e308", "-1e300"
    found = judged(write(tmp_path / "absurd.csv", rows), outcome="spent")
    assert found["left_out"]["its outcome can't be read"]["lines"] == [2, 3]
    assert abs(found["effects"]["mail"]["high"]) < 100
