"""Files with far more columns than rows can tell apart: what says something is kept, and nothing stops."""

import numpy as np
import pytest

from growth.scoring.models.base_rate import fit_base_rate
from growth.scoring.models.candidates import LINEAR
from growth.scoring.models.choosing import choose
from growth.scoring.models.columns import CategoryColumn, Column, Frame, NumberColumn
from growth.scoring.models.narrowing import MOST_COLUMNS, Narrowed, fit_narrowed, telling

ROWS = 400


def wide(columns: int) -> tuple[Frame, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Numbers and categories of noise; the last but two rises with won, the next bends, the last is a category."""
    random = np.random.default_rng(1)
    won = random.random(ROWS) < 0.4
    made: list[Column] = [
        NumberColumn(f"n{place}", random.normal(size=ROWS), f"n{place}")
        if place % 2
        else CategoryColumn(f"c{place}", random.integers(-1, 30, ROWS).astype(np.int32), ("x",) * 30, f"c{place}")
        for place in range(columns - 3)
    ]
    rises = np.where(random.random(ROWS) < 0.1, np.nan, random.normal(size=ROWS) + won)
    bends = random.normal(size=ROWS) * np.where(won, 0.4, 2)
    level = np.where(random.random(ROWS) < 0.4, won, random.integers(0, 5, ROWS)).astype(np.int32)
    made += [NumberColumn("rises", rises, "rises"), NumberColumn("bends", bends, "bends")]
    made.append(CategoryColumn("level", level, ("a", "b", "c", "d", "e"), "level"))
    return Frame(tuple(made), ROWS), won


def test_the_columns_that_say_something_are_kept() -> None:
    frame, won = wide(3 * MOST_COLUMNS)
    places = telling(frame, won)
    assert len(places) == MOST_COLUMNS
    assert list(places) == sorted(places)
    assert {frame.columns[place].name for place in places} >= {"rises", "bends", "level"}


def test_nothing_is_left_out_of_a_file_of_usual_width() -> None:
    frame, won = wide(MOST_COLUMNS)
    assert telling(frame, won) == tuple(range(MOST_COLUMNS))
    model = fit_narrowed(LINEAR[False][0], frame, won, 0)
    assert not isinstance(model, Narrowed)


def test_a_narrowed_model_is_asked_with_all_columns() -> None:
    frame, won = wide(MOST_COLUMNS + 50)
    model = fit_narrowed(LINEAR[False][0], frame, won, 0)
    assert isinstance(model, Narrowed)
    assert len(model.places) == MOST_COLUMNS
    said = model.log_odds_of(frame)
    assert said[won].mean() > said[~won].mean() + fit_base_rate(frame, won, 0).log_odds_of(frame).std() / 10


@pytest.mark.parametrize("seed", [0, 2])
def test_pairs_seen_often_enough_in_some_folds_alone_don_t_compete(seed: int) -> None:
    """The first fold has pairs, or a later one has, and others have none."""
    random = np.random.default_rng(seed)
    won = random.random(60) < 0.5
    made = [CategoryColumn(name, random.integers(0, 4, 60).astype(np.int32), tuple("abcd"), name) for name in "xy"]
    choice = choose(Frame(tuple(made), 60), won, None, 0)
    assert not any("pairs" in words for words in choice.losses)
