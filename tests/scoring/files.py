"""Files of leads made up for tests: what is won depends on the source and on the number of visits."""

import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCES = ("fair", "search", "referral", "广告")


def leads(rows: int, seed: int = 0) -> dict[str, list[str]]:
    """Columns source, visits, budget, noise and won (yes, no); about 30 % are won."""
    random = np.random.default_rng(seed)
    source = random.integers(0, len(SOURCES), rows)
    visits = random.poisson(4, rows)
    log_odds = np.array([-2.2, -1.2, 0.2, -0.6])[source] + 0.35 * (visits - 4)
    won = random.random(rows) < 1 / (1 + np.exp(-log_odds))
    return {
        "source": [SOURCES[place] for place in source],
        "visits": [str(count) for count in visits],
        "budget": [f"{value:.2f}" for value in random.lognormal(5, 1, rows)],
        "noise": [f"n{value}" for value in random.integers(0, 9, rows)],
        "won": ["yes" if one else "no" for one in won],
    }


def days(rows: int, written: str = "%d-%m-%Y", per_day: int = 10) -> list[str]:
    """Dates from 1 January 2020 on, several rows a day."""
    moments: NDArray[np.datetime64] = np.datetime64("2020-01-01") + np.arange(rows) // per_day
    return [moment.item().strftime(written) for moment in moments]


def write(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    *,
    separator: str = ",",
    encoding: str = "utf-8",
    header: Iterable[str] | None = None,
) -> Path:
    """The columns as a file; packed when its name ends in .gz."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding=encoding, newline="") as file:
        rows = csv.writer(file, delimiter=separator)
        rows.writerow(header or columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return path
