"""Models over files of paths: hand-worked figures, laws, and an independent solution of the Markov chain."""

import random
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.attribution.evaluating import credit_paths, evaluate, model_key
from growth.attribution.models import MODELS, weights
from growth.attribution.paths import Paths, paths_of
from growth.errors import InvalidError

Row = tuple[list[str], int, int, int]
"""Path, conversions, value, nulls."""

ROWS = st.lists(
    st.tuples(st.lists(st.sampled_from("abcd"), min_size=1, max_size=7), *[st.integers(0, 9)] * 3),
    min_size=1, max_size=12, unique_by=lambda row: tuple(row[0]),
).map(lambda rows: [(path, won, value if won else 0, lost) for path, won, value, lost in rows])  # fmt: skip


def paths(rows: list[Row]) -> Paths:
    told, *numbers = zip(*rows, strict=True)
    return paths_of(told, *(np.array(one, dtype=float) for one in numbers))


def test_each_model_by_hand() -> None:
    found = paths([(["a", "b", "c", "a"], 6, 600, 0), (["b", "direct"], 2, 100, 5)])
    by_hand = {
        "last": {"a": 6, "b": 0, "c": 0, "direct": 2},
        "first": {"a": 6, "b": 2, "c": 0, "direct": 0},
        "last-non-direct": {"a": 6, "b": 2, "c": 0, "direct": 0},
        "linear": {"a": 3, "b": 2.5, "c": 1.5, "direct": 1},
        "position": {"a": 4.8, "b": 1.6, "c": 0.6, "direct": 1},
        "time-decay": {"a": 3.6, "b": 0.8 + 2 / 3, "c": 1.6, "direct": 4 / 3},
        "shapley": {"a": 2, "b": 3, "c": 2, "direct": 1},
    }
    for model, wanted in by_hand.items():
        told = credit_paths(found, model)
        assert {name: one["conversions"] for name, one in told.items()} == pytest.approx(wanted, abs=1e-9), model


@given(ROWS, st.sampled_from([*MODELS]), st.integers(1, 3))
def test_credits_add_up_to_the_last_digit(rows: list[Row], model: str, order: int) -> None:
    told = credit_paths(paths(rows), model, order)
    totals = {"conversions": sum(row[1] for row in rows), "value": sum(row[2] for row in rows)}
    for name, total in totals.items():
        nanos = [round(one[name] * 1e9) for one in told.values()]
        assert min(nanos) >= 0
        assert sum(nanos) == total * 10**9


def test_a_channel_that_nobody_bought_by_has_no_effect_however_it_is_rounded() -> None:
    found = paths([(["b", "a"], 1, 0, 2), (["a", "b", "c", "d"], 0, 0, 2)])
    told = credit_paths(found, "markov")
    assert {name: one["conversions"] for name, one in told.items() if name in {"c", "d"}} == {"c": 0, "d": 0}


@given(ROWS, st.sampled_from(["last", "first", "linear", "position", "time-decay"]))
def test_each_path_is_shared_as_its_model_says(rows: list[Row], model: str) -> None:
    wanted = dict.fromkeys({name for path, *_ in rows for name in path}, 0.0)
    for path, won, _, _ in rows:
        last = len(path) - 1
        parts = {
            "last": [float(at == last) for at in range(last + 1)],
            "first": [float(at == 0) for at in range(last + 1)],
            "linear": [1.0] * (last + 1),
            "position": [1.0] * (last + 1) if last < 2 else [0.4, *[0.2 / (last - 1)] * (last - 1), 0.4],
            "time-decay": [0.5 ** (last - at) for at in range(last + 1)],
        }[model]
        for name, part in zip(path, parts, strict=True):
            wanted[name] += won * part / sum(parts)
    told = credit_paths(paths(rows), model)
    for name, conversions in wanted.items():
        assert told[name]["conversions"] == pytest.approx(conversions, abs=1e-6)


@given(ROWS, st.integers(1, 3))
def test_markov_equals_a_chain_solved_another_way(rows: list[Row], order: int) -> None:
    told = credit_paths(paths(rows), "markov", order)
    effects = {name: lost_without(rows, order, name) for name in told}
    totals = {"conversions": sum(row[1] for row in rows), "value": sum(row[2] for row in rows)}
    for place, (name, whole) in enumerate(totals.items()):
        sum_of = sum(both[place] for both in effects.values())
        for channel, both in effects.items():
            wanted = both[place] / sum_of * whole if whole else 0
            assert told[channel][name] == pytest.approx(wanted, abs=1e-6)


def lost_without(rows: list[Row], order: int, removed: str) -> tuple[float, float]:
    """Conversions and value lost per path without a channel, by walking the chain until nobody is on the way."""
    moves: dict[str, dict[str, list[float]]] = {}
    for path, won, value, lost in rows:
        windows = [">".join(path[at : at + order]) for at in range(max(1, len(path) - order + 1))]
        walk = ["(start)", *(one for at, one in enumerate(windows) if at == 0 or one != windows[at - 1])]
        for at, state in enumerate(walk):
            last = at == len(walk) - 1
            for to, times in {"(won)": won, "(lost)": lost}.items() if last else {walk[at + 1]: won + lost}.items():
                if times:
                    one = moves.setdefault(state, {}).setdefault(to, [0.0, 0.0])
                    one[0] += times
                    one[1] += value if to == "(won)" else 0
    whole, kept = (_walked(moves, gone) for gone in (None, removed))
    return whole[0] - kept[0], whole[1] - kept[1]


def _walked(moves: dict[str, dict[str, list[float]]], removed: str | None) -> tuple[float, float]:
    here, won, worth = {"(start)": 1.0}, 0.0, 0.0
    for _ in range(100_000):
        there: dict[str, float] = {}
        for state, chance in here.items():
            leaving = sum(times for times, _ in moves.get(state, {}).values())
            for to, (times, value) in moves.get(state, {}).items():
                if to == "(won)":
                    won += chance * times / leaving
                    worth += chance * value / leaving
                elif to != "(lost)" and removed not in to.split(">"):
                    there[to] = there.get(to, 0.0) + chance * times / leaving
        here = there
        if sum(here.values()) < 1e-14:
            break
    return won, worth


@given(ROWS)
def test_shapley_equals_the_sum_over_all_groups_of_channels(rows: list[Row]) -> None:
    told = credit_paths(paths(rows), "shapley")
    names = list(told)

    def worth(group: set[str]) -> int:
        return sum(won for path, won, _, _ in rows if set(path) <= group)

    for name in names:
        others = [one for one in names if one != name]
        fair = sum(
            factorial(size) * factorial(len(others) - size) / factorial(len(names))
            * (worth({*group, name}) - worth(set(group)))
            for size in range(len(names)) for group in combinations(others, size)
        )  # fmt: skip
        assert told[name]["conversions"] == pytest.approx(fair, abs=1e-6)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), st.sampled_from([*MODELS]))
def test_some_contact_always_weighs_something(channels: list[str], model: str) -> None:
    told = weights(model, channels, [float(len(channels) - at) * 40 for at in range(len(channels))], {"a": 1})
    assert len(told) == len(channels)
    assert min(told) >= 0 < sum(told)


def test_a_file_is_read_whatever_it_calls_its_columns_and_equal_paths_are_one(tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("path;total_conversions;total_conversion_value;total_null\na>b;1;0.1;3\n a > b ;2;0.2;0\nb;0;0;9\n")
    told = evaluate(file, "Last_Touch").told
    assert (told["conversions"], told["value"]) == (3, 0.3)
    assert told["credits"] == {"a": {"conversions": 0, "value": 0}, "b": {"conversions": 3, "value": 0.3}}


def test_wrong_rows_are_told_and_the_others_counted(tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    rows = [
        "a > b,1,5,",
        " > ,1,1,1",
        "a,-1,1,1",
        "a,many,1,1",
        "a,1,nan,1",
        "a,1,1,inf",
        "a,,1,1",
        "a,1,1,1,7",
        "c,2,,0",
    ]
    file.write_text("path,conversions,value,nulls\n" + "\n".join(rows) + "\n")
    found = evaluate(file, "last")
    assert [(one.row, one.error.field) for one in found.wrong] == [
        (3, "path"), (4, "conversions"), (5, "conversions"), (6, "value"), (7, "nulls"), (8, "conversions"),
        (9, "path"),
    ]  # fmt: skip
    assert found.told["conversions"] == 3
    assert found.told["left_out"] == 7
    assert {name: one["conversions"] for name, one in found.told["credits"].items()} == {"a": 0, "b": 1, "c": 2}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_file_of_a_spreadsheet_is_read_in_its_encoding_line_ends_and_decimals(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "paths.csv"
    told = 'path;conversions;value\r\n搜索引擎 >  > 电子邮件;1,5;10,01\r\n\r\n"联盟; 合作 > 搜索引擎";2;0.5\r\n\r\n'
    file.write_bytes(told.encode(encoding))
    found = evaluate(file, "last")
    assert found.wrong == []
    credited = found.told["credits"]
    assert credited["电子邮件"] == {"conversions": 1.5, "value": 10.01}
    assert credited["搜索引擎"] == {"conversions": 2, "value": 0.5}
    assert credited["联盟; 合作"] == {"conversions": 0, "value": 0}


def test_shapley_says_that_it_is_exact_beyond_twelve_channels_too(tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("path,conversions\n" + " > ".join(f"c{number}" for number in range(20)) + ",7\n")
    told = evaluate(file, "shapley").told
    assert (told["exact"], told["error"]) == (True, 0.0)
    assert {round(one["conversions"], 6) for one in told["credits"].values()} == {0.35}
    assert sum(round(one["conversions"] * 1e9) for one in told["credits"].values()) == 7 * 10**9
    assert "error" not in evaluate(file, "last").told


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "file"),
        (b"way,conversions\na,1\n", "path"),
        (b"path,value\na,1\n", "conversions"),
        (b"path,conversions\n", "path"),
        (b"path,conversions\na,x\n", "conversions"),
        (b'path,conversions\n"a > b,1\nb,1\n', "file"),
        (random.Random(1).randbytes(400), "file"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path, content: bytes, field: str) -> None:
    file = tmp_path / "paths.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidError) as refused:
        evaluate(file, "linear")
    assert refused.value.field == field


def test_a_model_or_order_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="Choose one of"):
        model_key("best")
    file = tmp_path / "paths.csv"
    file.write_text("path,conversions\na,1\n")
    with pytest.raises(InvalidError, match="1, 2 or 3"):
        evaluate(file, "markov", 4)
