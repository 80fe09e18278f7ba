"""A child ends with its parent, however that ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.running.starting import none_left, until

_CHILD = """
import os, sys, time
from growth.lifeline import end_with_parent
end_with_parent(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(600)
"""
_PARENT = """
import os, subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], str(os.getpid())])
"""


@pytest.fixture
def parent() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen([sys.executable, "-c", _PARENT, _CHILD], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_ends_with_its_parent(parent: "subprocess.Popen[str]", how: signal.Signals) -> None:
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(how)
    parent.wait()
    until(lambda: none_left([child]))


def test_a_child_whose_parent_is_gone_already_ends_at_once() -> None:
    program = "from growth.lifeline import end_with_parent; end_with_parent(1 << 30); print('lives')"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (answer.returncode, answer.stdout) == (-signal.SIGKILL, b"")


def test_where_the_kernel_does_not_help_a_look_does() -> None:
    program = "import signal; from growth.lifeline import _watch; _watch(1 << 30, signal.SIGTERM); print('lives')"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (answer.returncode, answer.stdout) == (-signal.SIGTERM, b"")
