"""How a child process comes to be: a fork where that is safe, and what the child does first."""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.context import ForkContext, SpawnContext

from growth import lifeline

_FORKS = sys.platform == "linux"
CONTEXT: ForkContext | SpawnContext = (
    multiprocessing.get_context("fork") if _FORKS else multiprocessing.get_context("spawn")
)
"""A fork shares the memory of what is imported already and starts at once; macOS's libraries don't survive one."""

_ARENA_MAX, _TRIM_THRESHOLD = -8, -1  # glibc's malloc.h


def keep_small() -> None:
    """Have glibc give freed memory back, and not keep a heap for each thread; one interpreter lock needs no more.

    The demo's processes hold a fifth less by it. Elsewhere than on glibc nothing happens.
    """
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_TRIM_THRESHOLD, 64 * 1024)


def freeze() -> None:
    """Before forking: what is imported now is never collected, so that its pages stay shared."""
    gc.collect()
    gc.freeze()


def begin(parent: int, inherited: Sequence[int]) -> None:
    """A child's first steps: end with the parent, leave its terminal, close the file descriptors that are its own."""
    signal.set_wakeup_fd(-1)
    for which in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(which, signal.SIG_DFL)
    for which in (signal.SIGINT, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)  # the terminal talks to the parent, and the parent to us
    lifeline.end_with_parent(parent)
    os.setsid()
    if _FORKS:
        for descriptor in inherited:
            os.close(descriptor)
