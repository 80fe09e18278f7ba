"""A real e-mail experiment through `growth campaigns experiment evaluate`: its effects, and a large file's time."""

import csv
import gzip
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from bench import Figure

HILLSTROM = Path(__file__).parents[2] / "shared" / "data" / "email_experiment" / "hillstrom.csv.gz"
_TIMES = 16
"""How often the file is repeated for the large one: a million rows."""


def run() -> list[Figure]:
    """The effects beside a two-sample test worked out by hand, and the time beside one pass of pandas."""
    if not HILLSTROM.is_file():
        print("Left out: the e-mail experiment is not at ../shared/data/email_experiment beside this checkout.")
        return []
    found, by_hand = evaluated(HILLSTROM), plain(HILLSTROM)
    figures = []
    for name, limit in (("Womens E-Mail", 4.52), ("Mens E-Mail", by_hand["Mens E-Mail"][0])):
        one = found["effects"][name]
        note = f"{one['low']:.3f} … {one['high']:.3f}; {one['n']} people"
        off = max(abs(one[part] - hand) for part, hand in zip(("effect", "low", "high"), by_hand[name], strict=True))
        figures += [
            Figure(f"{name}: effect on visits", one["effect"], "points", "known", limit, limit_ratio=1.01, note=note),
            Figure(f"{name}: off the known effect", abs(one["effect"] - limit), "points", "limit", 0.01),
            Figure(f"{name}: interval off the two-sample test's", off, "points", "limit", 1e-6),
        ]
    return [*figures, *timed()]


def evaluated(path: Path) -> dict[str, Any]:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("growth")), "campaigns", "experiment", "evaluate", str(path)]
    asked = ["--group", "segment", "--control", "No E-Mail", "--outcome", "visit", "--json"]
    found: dict[str, Any] = orjson.loads(subprocess.run([*command, *asked], check=True, capture_output=True).stdout)
    return found


def plain(path: Path) -> dict[str, tuple[float, float, float]]:
    """Effect and Wald interval in points, from the textbook's formula and nothing of ours."""
    people: dict[str, list[int]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            people.setdefault(row["segment"], []).append(int(row["visit"]))
    rates = {name: sum(visits) / len(visits) for name, visits in people.items()}
    errors = {name: rate * (1 - rate) / len(people[name]) for name, rate in rates.items()}
    found = {}
    for name, rate in rates.items():
        apart = (rate - rates["No E-Mail"]) * 100
        reach = 1.959963984540054 * (errors[name] + errors["No E-Mail"]) ** 0.5 * 100
        found[name] = (apart, apart - reach, apart + reach)
    return found


def timed() -> list[Figure]:
    """A million rows: our whole command beside a process that reads and groups them with pandas."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.csv"
        header, _, rows = gzip.decompress(HILLSTROM.read_bytes()).partition(b"\n")
        large.write_bytes(header + b"\n" + (rows.strip() + b"\n") * _TIMES)
        peer = (
            "import sys, pandas; print(pandas.read_csv(sys.argv[1]).groupby('segment')['visit'].agg(['mean', 'count']))"
        )
        ours, theirs = [], []
        for _ in range(3):
            ours.append(_seconds(lambda: evaluated(large)))
            theirs.append(_seconds(lambda: subprocess.run([sys.executable, "-c", peer, str(large)], check=True,
                                                          capture_output=True)))  # fmt: skip
    return [Figure("a file of 1 M rows", min(ours), "s", "pandas, read and grouped", min(theirs), 6)]


def _seconds(work: Any) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
