"""Which rows of a file are learnt from and which are held out to judge."""

from dataclasses import dataclass

import numpy as np

from growth.errors import InvalidError
from growth.locales import N_
from growth.scoring.models.columns import Flags, Numbers, Rows

SPLITS = 5
HELD_OUT = 0.3
_FEWEST_ROWS = 20
_FEWEST_OF_EACH = 5


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to judge on."""

    seen: Rows
    held: Rows


def check_size(won: Flags) -> None:
    """Raise InvalidError when there are too few rows, or too few of one end, to say anything."""
    wins = int(won.sum())
    if len(won) < _FEWEST_ROWS or min(wins, len(won) - wins) < _FEWEST_OF_EACH:
        raise InvalidError(
            "file",
            N_("The file has %(rows)d labelled rows, %(wins)d of them won: too few to judge a model by."),
            remedy=N_("Give one with at least 20 rows, 5 of them won and 5 not; a thousand make a judgement worth it."),
            rows=len(won),
            wins=wins,
        )


def random_splits(won: Flags) -> list[Split]:
    """Five splits by seeds 0 to 4; 30 % of either end is held out."""
    return [_random_split(won, seed) for seed in range(SPLITS)]


def _random_split(won: Flags, seed: int) -> Split:
    random = np.random.default_rng(seed)
    held = np.zeros(len(won), np.bool_)
    for end in (True, False):
        rows = random.permutation(np.flatnonzero(won == end))
        held[rows[: max(1, round(HELD_OUT * len(rows)))]] = True
    return Split(np.flatnonzero(~held), np.flatnonzero(held))


def time_split(won: Flags, moments: Numbers, name: str) -> Split:
    """The first 70 % against the last 30 %, in order of time; rows of the same moment stay together.

    Raises InvalidError when all have the same moment or a part lacks one of the ends.
    """
    order = np.argsort(moments, kind="stable")
    inside = np.flatnonzero(np.diff(moments[order]) > 0) + 1
    if len(inside) == 0:
        raise InvalidError(
            "time",
            N_("All rows have the same %(time)s, so there is no earlier and later."),
            remedy=N_("Leave out --time, or name another column."),
            time=name,
        )
    cut = int(inside[np.argmin(np.abs(inside - (1 - HELD_OUT) * len(order)))])
    split = Split(np.sort(order[:cut]), np.sort(order[cut:]))
    for part, words in ((split.held, N_("later")), (split.seen, N_("earlier"))):
        if won[part].all() or not won[part].any():
            raise InvalidError(
                "time",
                N_("Of the %(rows)d %(part)s rows by %(time)s, %(wins)d were won, so there is nothing to tell apart."),
                remedy=N_("Check the label and the column of time, or leave out --time."),
                rows=len(part),
                part=words,
                wins=int(won[part].sum()),
                time=name,
            )
    return split
