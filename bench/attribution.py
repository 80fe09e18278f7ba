"""A million paths through `growth attribution evaluate`, beside ChannelAttribution and an exact solution."""

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench import Figure

PATHS = 1_000_000
DISTINCT = 17_000
PEER = "ChannelAttribution==2.2.5"
ROUNDS = 3
_NAMES = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
_OFTEN = (30, 8, 3, 2, 2, 3, 12, 8, 20, 4)
# What the peer takes for reading and for its model, each timed by itself.
_PEER = """
import sys, time, json, pandas
from ChannelAttribution import markov_model
began = time.perf_counter()
told = pandas.read_csv(sys.argv[1])
read = time.perf_counter()
markov_model(told, "path", "conversions", var_value="value", var_null="nulls", verbose=False, flg_pro=False)
print(json.dumps([read - began, time.perf_counter() - read]))
"""


def run() -> list[Figure]:
    """Seconds beside the peer's, and how far our credits are from a dense solution that shares no code with ours."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paths.csv"
        invent(file)
        peer = peer_in(Path(folder))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            began = time.monotonic()
            found = evaluated(file)
            ours.append((found["seconds"], time.monotonic() - began))
            theirs += [peer_seconds(peer, file)] if peer else []
        off = furthest(found["credits"], solved(file))
    figures = [Figure("Markov order 1, 1 M paths: off an exact solution", off, "conversions", "limit", 1e-6)]
    if theirs:
        name, note = "Markov order 1, 1 M paths", f"{DISTINCT} distinct; read and solved"
        figures += [
            Figure(f"{name}, credits", min(ours)[0], "s", "ChannelAttribution without reading",
                   min(model for _, model, _ in theirs), 1, note=note),
            Figure(f"{name}, the whole command", min(one for _, one in ours), "s", "ChannelAttribution's process",
                   min(one for *_, one in theirs), 1, note=note),
        ]  # fmt: skip
    return figures


def invent(file: Path) -> None:
    """A million paths, some of them often; one column each of conversions, value and nulls."""
    dice = random.Random(5)
    distinct: set[str] = set()
    while len(distinct) < DISTINCT:
        path: list[str] = []
        for _ in range(min(1 + int(dice.expovariate(0.25)), 30)):
            again = bool(path) and dice.random() < 0.35
            path.append(path[-1] if again else dice.choices(_NAMES, _OFTEN)[0])
        distinct.add(" > ".join(path))
    names = sorted(distinct)
    weights = [dice.paretovariate(1.1) for _ in names]
    with file.open("w", newline="") as written:
        out = csv.writer(written)
        out.writerow(["path", "conversions", "value", "nulls"])
        for name in dice.choices(names, weights, k=PATHS):
            won = int(dice.random() < 0.35)
            out.writerow([name, won, f"{won * dice.uniform(1, 90):.2f}", 1 - won])


def evaluated(file: Path) -> dict[str, Any]:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("growth")), "attribution", "evaluate", str(file)]
    told = subprocess.run([*command, "--model", "markov", "--json"], check=True, capture_output=True).stdout
    found: dict[str, Any] = orjson.loads(told)
    return found


def peer_in(folder: Path) -> Path | None:
    """A Python with the peer in it, outside this project; none where it can't be had."""
    subprocess.run([sys.executable, "-m", "venv", folder / "peer"], check=True)
    python = folder / "peer/bin/python"
    # Its module asks for matplotlib, which its package does not.
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PEER,
        "matplotlib",
        "pandas",
    ]
    if subprocess.run(install, check=False).returncode:
        print(f"Left out: {PEER} can't be installed here.")
        return None
    return python


def peer_seconds(python: Path, file: Path) -> tuple[float, float, float]:
    """Seconds of reading the file, of the model, and of the whole process."""
    began = time.monotonic()
    told = subprocess.run([python, "-c", _PEER, file], check=True, capture_output=True).stdout
    read, model = json.loads(told.splitlines()[-1])
    return read, model, time.monotonic() - began


def solved(file: Path) -> dict[str, float]:
    """Conversions by channel, from the whole transition matrix with everybody's start, conversion and null in it."""
    with file.open(newline="") as read:
        rows = [(row["path"].split(" > "), int(row["conversions"]), int(row["nulls"])) for row in csv.DictReader(read)]
    names = sorted({name for path, _, _ in rows for name in path})
    place = {name: number for number, name in enumerate(names, start=1)}
    won, lost = len(names) + 1, len(names) + 2
    times: dict[tuple[int, int], int] = defaultdict(int)
    for path, converted, null in rows:
        walk = [0, *(place[name] for name in path)]
        for move in pairwise(walk):
            times[move] += converted + null
        times[walk[-1], won] += converted
        times[walk[-1], lost] += null
    moves = np.zeros((lost + 1, lost + 1))
    for (before, after), count in times.items():
        moves[before, after] = count
    moves[: len(names) + 1] /= moves[: len(names) + 1].sum(axis=1, keepdims=True)
    effects = {name: 1 - _chance(moves, won, place[name]) / _chance(moves, won, None) for name in names}
    conversions = sum(converted for _, converted, _ in rows)
    return {name: effect / sum(effects.values()) * conversions for name, effect in effects.items()}


def _chance(moves: np.ndarray[Any, Any], won: int, removed: int | None) -> float:
    """Of reaching conversion from the start, with nobody coming to the channel that is removed."""
    inside = moves[:won, :won].copy()
    if removed is not None:
        inside[:, removed] = 0
    return float(np.linalg.solve(np.eye(won) - inside, moves[:won, won])[0])


def furthest(credited: dict[str, dict[str, float]], exact: dict[str, float]) -> float:
    """The largest difference of any channel's conversions."""
    return max(abs(credited[name]["conversions"] - exact[name]) for name in exact)


def main(arguments: Sequence[str]) -> None:
    """Write the file of paths, for trying by hand."""
    invent(Path(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
