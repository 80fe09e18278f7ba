"""Evaluating any file: what is found in it, how it is split, and what a hostile one is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from growth.errors import InvalidError
from growth.scoring.evaluating import Asked, Prepared, evaluate, prepare
from growth.scoring.models.columns import NumberColumn
from tests.scoring.files import days, leads, write

KEYS = {"rows", "positives", "split", "model", "auc", "average_precision", "lift_top_10pct", "brier", "ece"}
KEYS |= {"baseline_auc", "dropped", "suspected_leakage", "seconds"}
Columns = dict[str, list[str]]


class Files:
    """Writes columns to a file, and evaluates or only prepares it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def asked(self, columns: Columns, *, name: str = "leads.csv", **asked: Any) -> Asked:
        form = {key: asked.pop(key) for key in ("separator", "encoding", "header") if key in asked}
        return Asked(write(self.folder / name, columns, **form), **asked)

    def judged(self, columns: Columns, **asked: Any) -> dict[str, Any]:
        return evaluate(self.asked(columns, **asked))

    def ready(self, columns: Columns, **asked: Any) -> Prepared:
        return prepare(self.asked(columns, **asked))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def kinds_of(ready: Prepared) -> dict[str, str]:
    return {kind.name: kind.kind for kind in ready.kinds}


def test_everything_that_is_promised_is_said(files: Files) -> None:
    found = files.judged(leads(3000))
    assert found.keys() >= KEYS
    assert (found["rows"], found["label"], found["positive"], found["label_guessed"]) == (3000, "won", "yes", True)
    assert 0.72 < found["auc"] < 0.9
    assert found["auc"] > found["baseline_auc"] > 0.6
    assert found["ece"] < 0.06
    assert found["suspected_leakage"] == []


@pytest.mark.parametrize(
    ("separator", "encoding", "name"),
    [
        (";", "utf-8-sig", "leads.csv"),
        ("\t", "gb18030", "leads.csv"),
        ("|", "utf-16", "leads.txt"),
        (",", "utf-8", "leads.csv.gz"),
    ],
)
def test_separators_encodings_and_packing(files: Files, separator: str, encoding: str, name: str) -> None:
    columns = leads(400)
    first = files.ready(columns)
    again = files.ready(columns, separator=separator, encoding=encoding, name=name)
    assert kinds_of(again) == kinds_of(first)
    assert [column.values for column in again.table.columns] == [column.values for column in first.table.columns]
    assert (again.won == first.won).all()


def test_windows_1251(files: Files) -> None:
    columns = leads(400)
    names = {"fair": "выставка", "search": "поиск", "referral": "рекомендация", "广告": "реклама"}
    columns["source"] = [names[source] for source in columns["source"]]
    columns["won"] = ["да" if won == "yes" else "нет" for won in columns["won"]]
    found = files.ready(columns, encoding="cp1251", separator=";")
    assert found.label.positive == "да"
    assert set(found.table.columns[0].values) == set(names.values())


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("1", "0"),
        ("True", "FALSE"),
        ("Y", "n"),
        ("1.0", "0.0"),
        ("Won", "Lost"),
        ("Converted", "Not Converted"),
        ("是", "否"),
        ("成交", "未成交"),
        ("sim", "não"),
        ("2", "1"),
        ("VIP", "plain"),
    ],
)
def test_either_way_of_saying_yes(files: Files, yes: str, no: str) -> None:
    columns = leads(300)
    wins = columns["won"].count("yes")
    columns["won"] = [yes if won == "yes" else no for won in columns["won"]]
    found = files.ready(columns)
    assert (found.label.positive, int(found.won.sum())) == (yes, wins)


def test_the_label_is_found_by_its_name_then_by_its_values_then_by_its_place(files: Files) -> None:
    columns = leads(300)
    won = columns.pop("won")
    two = ["a" if place % 2 else "b" for place in range(300)]
    assert files.ready({"flag": two, "Converted": won, **columns, "other": two}).label.name == "Converted"
    assert files.ready({"x": two, "told": won, **columns, "z": two}).label.name == "told"
    assert files.ready({"x": two, **columns, "z": two, "n": columns["noise"]}).label.name == "z"


def test_a_blank_label_beside_yes_means_no_but_else_the_row_is_left_out(files: Files) -> None:
    columns = leads(300)
    only = {**columns, "won": [won if won == "yes" else "" for won in columns["won"]]}
    assert len(files.ready(only, label="won").won) == 300
    open_ended = {**columns, "won": ["" if place < 30 else won for place, won in enumerate(columns["won"])]}
    found = files.ready(open_ended)
    assert found.won.tolist() == [won == "yes" for won in columns["won"][30:]]
    assert found.notes == ["30 rows have no won and were left out."]


def test_more_than_two_ends_want_the_one_that_counts(files: Files) -> None:
    columns = leads(300)
    columns["won"] = ["maybe" if place % 5 == 0 else won for place, won in enumerate(columns["won"])]
    with pytest.raises(InvalidError, match=r"3 values.*--positive"):
        files.ready(columns, label="won")
    found = files.ready(columns, label="won", positive="YES")
    assert found.won.tolist() == [won == "yes" for won in columns["won"]]
    with pytest.raises(InvalidError, match="No row of won says perhaps"):
        files.ready(columns, label="won", positive="perhaps")


def test_columns_that_say_nothing_are_dropped_with_the_reason(files: Files) -> None:
    columns = leads(1000)
    extra = {
        "id": [f"{place * 7919:08x}" for place in range(1000)],
        "Lead Number": [str(500_000 + place) for place in range(1000)],
        "constant": ["x"] * 1000,
        "empty": ["", "NA", "Select", "null"] * 250,
        "rare": ["x" if place in {3, 5} else "" for place in range(1000)],
    }
    found = files.ready({**extra, **columns})
    assert [kind.name for kind in found.kinds if kind.why] == list(extra)
    assert {column.source for column in found.frame.columns} == {"source", "visits", "budget", "noise"}


def test_kinds_of_columns(files: Files) -> None:
    columns = leads(400)
    random = np.random.default_rng(1)
    amounts = random.integers(100, 9_999_999, 400) / 100
    german = [f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") + " €" for amount in amounts]
    words = np.array(["need", "price", "catalogue", "delivery", "sample", "quality", "factory", "order", "quickly"])
    found = files.ready(
        {
            "amount": german,
            "postal": [f"{value:05d}" for value in random.integers(0, 80, 400)],
            "asked": [" ".join(random.permutation(words)[:6]) + f" {place}" for place in range(400)],
            "mixed": [str(value) if value % 9 else "ask us" for value in random.integers(0, 900, 400)],
            "seen": days(400, "%d.%m.%Y %H:%M"),
            **columns,
        }
    )
    kinds = {name: kinds_of(found)[name] for name in ("amount", "postal", "asked", "mixed", "seen")}
    assert kinds == {"amount": "number", "postal": "category", "asked": "text", "mixed": "number", "seen": "date"}
    amount = found.frame.columns[0]
    assert isinstance(amount, NumberColumn)
    assert amount.values == pytest.approx(amounts)


def test_by_time_the_first_seventy_percent_and_days_stay_whole(files: Files) -> None:
    columns = leads(1000)
    found = files.judged({"contacted": days(1000, per_day=45), **columns}, time="contacted")
    assert found["split"] == "by contacted: first 720 rows, last 280 held out"
    backwards = {name: cells[::-1] for name, cells in ({"contacted": days(1000, per_day=45)} | columns).items()}
    assert files.judged(backwards, time="Contacted")["split"] == found["split"]


def test_a_date_is_read_day_first_when_the_file_says_so(files: Files) -> None:
    columns = leads(1000)
    first = files.judged({"contacted": days(1000, "%d/%m/%Y"), **columns}, time="contacted")
    second = files.judged({"contacted": days(1000, "%m/%d/%Y"), **columns}, time="contacted")
    assert first["split"] == second["split"]
    assert first["auc"] == second["auc"]


def test_a_column_known_only_after_the_fact_is_suspected(files: Files) -> None:
    columns = leads(1000)
    random = np.random.default_rng(3)
    won = [one == "yes" for one in columns["won"]]
    found = files.judged(
        {
            "tag": [f"will buy {place % 3}" if one else "no answer" for place, one in enumerate(won)],
            "won_date": [f"2020-02-{random.integers(1, 28):02d}" if one else "" for one in won],
            "seller_id": [f"s{place:05d}" if one else "" for place, one in enumerate(won)],
            "lost_reason": ["price" if not one and random.random() < 0.4 else "" for one in won],
            "optional": ["x" if random.random() < 0.3 else "" for _ in won],
            "customer": [f"c{place}" for place in random.permutation(1000)],
            **columns,
        }
    )
    assert {one["column"] for one in found["suspected_leakage"]} == {"tag", "won_date", "seller_id", "lost_reason"}


def test_a_dropped_column_plays_no_part(files: Files) -> None:
    columns = leads(400)
    columns["answer"] = [won[0] for won in columns["won"]]
    assert files.judged(columns, label="won")["auc"] == 1.0
    found = files.judged(columns, label="won", drop=("answer",))
    assert found["auc"] < 0.9
    assert found["suspected_leakage"] == []


def test_the_same_file_gives_the_same_figures(files: Files) -> None:
    first, second = files.judged(leads(500)), files.judged(leads(500))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_nothing_but_useless_columns_is_a_coin(files: Files) -> None:
    columns = leads(300)
    found = files.judged({"id": [f"x{place}" for place in range(300)], "e": [""] * 300, "won": columns["won"]})
    assert (found["model"], found["auc"], found["baseline_auc"]) == ("base_rate", 0.5, 0.5)


def test_columns_of_the_same_name_or_none_are_told_apart(files: Files) -> None:
    columns = leads(300)
    found = files.ready(columns, header=["x", "", "x", "", "won"])
    assert set(kinds_of(found)) == {"x", "column 2", "x (2)", "column 4"}


def test_rows_that_are_too_wide_are_left_out_and_short_ones_filled(tmp_path: Path) -> None:
    path = write(tmp_path / "leads.csv", leads(300))
    with path.open("a", encoding="utf-8") as file:
        file.write("fair,3,1,n1,yes,,\nfair,3\nfair,3,1,n1,yes,and more\n\n,,,,\n")
    found = prepare(Asked(path))
    assert len(found.won) == 301
    assert found.notes == [
        "1 rows have more cells than the header and were left out.",
        "1 rows have no won and were left out.",
    ]


def few(rows: int) -> Columns:
    return leads(rows)


def one_class() -> Columns:
    return {**leads(200), "won": ["0"] * 200}


def all_the_same_day() -> Columns:
    return {**leads(200), "day": ["2020-01-01"] * 200}


def none_later() -> Columns:
    return {**leads(200), "day": days(200), "won": ["yes" if place < 60 else "no" for place in range(200)]}


def no_dates() -> Columns:
    return {**leads(200), "day": ["soon", "later"] * 100}


@pytest.mark.parametrize(
    ("columns", "asked", "words"),
    [
        (few(10), {}, "10 labelled rows"),
        (one_class(), {"label": "won"}, "Every row of won says 0"),
        (one_class(), {}, "No column has exactly two values"),
        ({**leads(50), "won": [""] * 50}, {"label": "won"}, "The column won is empty"),
        (all_the_same_day(), {"time": "day"}, "All rows have the same day"),
        (none_later(), {"time": "day"}, "Of the 60 later rows by day, 0 were won"),
        (no_dates(), {"time": "day"}, "can't be read as dates"),
        (leads(50), {"label": "wun"}, "no column wun. Did you mean one of these: won"),
        (leads(50), {"label": "won", "time": "won"}, "The label can't be the time"),
        (leads(50), {"drop": ("nothing",)}, "no column nothing"),
        ({"won": ["yes", "no"] * 30}, {}, "Only one column"),
    ],
)
def test_what_can_t_be_judged_says_why_and_what_to_do(
    files: Files, columns: Columns, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidError, match=words) as refused:
        files.judged(columns, **asked)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\n\n\n", "no rows"),
        (b"a,b,won\n", "No column has exactly two values"),
        (b'a,b,won\n1,"2,yes\n' * 3, "quotation mark opened in row"),
        (b"PK\x03\x04 and so on", "workbook"),
        (b"\x1f\x8b\x08\x00broken", "can't be unpacked"),
        (bytes(range(256)) * 40, "(?i)column|too few"),
    ],
)
def test_what_is_no_table_of_leads(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidError, match=words):
        evaluate(Asked(path))


def test_numbers_beyond_measure_stop_nothing(files: Files) -> None:
    columns = leads(300)
    columns["huge"] = ["1e308", "-1e308", "1e999", "inf", "3", "NaN"] * 50
    columns["emoji 😀"] = ["😀", "\u202eمرحبا", "x\u0000y"] * 100
    assert files.judged(columns)["auc"] > 0.6
