"""`python -m bench [NAME …]`: run the measurements of this folder, print them, and keep each as a line of JSON."""

import importlib
import os
import pkgutil
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

import bench
from bench import Figure
from growth.clock import SystemClock

RESULTS = Path(__file__).parent / "results"


def names() -> list[str]:
    """Every module of this folder that has a `run`."""
    found = (one.name for one in pkgutil.iter_modules(bench.__path__) if not one.name.startswith("_"))
    return [name for name in sorted(found) if hasattr(importlib.import_module(f"bench.{name}"), "run")]


def main(asked: Sequence[str]) -> int:
    """Run those asked for, or all. Exit status 1 when a figure misses its limit."""
    unknown = set(asked) - set(names())
    if unknown:
        print(f"No measurement is called {', '.join(sorted(unknown))}. There are: {', '.join(names())}.")
        return 2
    missed = 0
    for name in asked or names():
        figures: list[Figure] = importlib.import_module(f"bench.{name}").run()
        Console().print(as_table(name, figures))
        keep(name, figures)
        missed += sum(not one.reached for one in figures)
    return 1 if missed else 0


def as_table(name: str, figures: Iterable[Figure]) -> Table:
    """A line per figure: ours, the peer's, the ratio and its limit."""
    table = Table("", "ours", "peer", "peer's", "ratio", "limit", "", title=name, title_justify="left")
    for one in figures:
        sign = "≥" if one.more_is_better else "≤"
        table.add_row(
            one.name,
            f"{one.ours:,.4g} {one.unit}" if one.ours < 1000 else f"{one.ours:,.0f} {one.unit}",
            one.peer_name,
            f"{one.peer:,.4g}" if one.peer < 1000 else f"{one.peer:,.0f}",
            f"{one.ratio:.2f}",
            f"{sign} {one.limit_ratio:g}",
            "reached" if one.reached else "[red]missed[/red]",
        )
    return table


def keep(name: str, figures: Iterable[Figure]) -> None:
    """Append each figure, with the moment and the machine, to `results/<name>.jsonl`."""
    RESULTS.mkdir(exist_ok=True)
    machine: dict[str, Any] = {
        "at": SystemClock().now(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    with (RESULTS / f"{name}.jsonl").open("ab") as file:
        for one in figures:
            line = machine | asdict(one) | {"ratio": round(one.ratio, 4), "reached": one.reached}
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
