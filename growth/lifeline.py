"""Processes that end with the one that started them, also when that one is killed."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Called in a child: it gets the signal `how` as soon as the process `parent` is gone.

    Linux's kernel does it (it also counts the end of the *thread* that forked, so fork from a lasting one);
    elsewhere a thread looks once a second.
    """
    if not request_death_signal(how):
        threading.Thread(target=_watch, args=(parent, how), daemon=True, name="lifeline").start()
    if os.getppid() != parent:  # it was gone before we asked
        os.kill(os.getpid(), how)


def request_death_signal(how: signal.Signals) -> bool:
    """Ask the kernel for a signal when the parent ends; False where it can't. Kept by exec, not by fork."""
    return _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0) == 0


def _watch(parent: int, how: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), how)
