"""From nothing to a usable page, to the next one, and what the processes then hold in memory."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench import Figure

ROOT = Path(__file__).parents[1]
_LEFT_OUT = shutil.ignore_patterns(".venv", "var", ".git", ".*_cache", "__pycache__", ".hypothesis", "results")
_PATIENCE = 600


def run() -> list[Figure]:
    """A fresh checkout in a temporary folder, with pip's cache off."""
    with TemporaryDirectory() as folder:
        installing = install_alone(Path(folder) / "alone")
        checkout = Path(folder) / "growth"
        shutil.copytree(ROOT, checkout, ignore=_LEFT_OUT)
        with page(["make", "run", f"PYTHON={sys.executable}"], checkout) as (first, _):
            pass
        with page([str(checkout / ".venv/bin/growth"), "run"], checkout) as (second, process):
            time.sleep(15)  # what a start has to do is done
            resident, proportional = memory(process)
    return [
        Figure("make run to a usable page", first, "s", "pip install from the lock alone", installing, 1.5),
        Figure("make run to a usable page", first, "s", "limit", 180),
        Figure("second start", second, "s", "limit", 5),
        Figure("idle memory together", proportional, "MB", "limit", 400, note=f"{resident:.0f} MB resident"),
    ]


def install_alone(venv: Path) -> float:
    """Seconds that pip takes for the lock file, into an empty environment."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [str(venv / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    began = time.monotonic()
    subprocess.run([*pip, "-r", str(ROOT / "requirements.lock")], check=True, env=_environment())
    return time.monotonic() - began


@contextmanager
def page(command: list[str], folder: Path) -> Iterator[tuple[float, psutil.Process]]:
    """Start, and give the seconds until a page answers; stopped at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, env=_environment(GROWTH_PORT=str(port)), stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - began > _PATIENCE:
                raise RuntimeError(f"{command[0]} didn't come to a page")
            time.sleep(0.02)
        yield time.monotonic() - began, psutil.Process(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def memory(process: psutil.Process) -> tuple[float, float]:
    """MB of our processes, PostgreSQL's left out: resident each by itself, and with shared pages counted once."""
    ours = [one for one in (process, *process.children(recursive=True)) if one.name() != "postgres"]
    found = [one.memory_full_info() for one in ours]
    return sum(one.rss for one in found) / 1e6, sum(getattr(one, "pss", one.rss) for one in found) / 1e6


def _environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GROWTH_")}
    return kept | {"PIP_NO_CACHE_DIR": "1"} | more


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
