"""What `growth run` tells on the console."""

import http.client
import signal
import socket
from collections.abc import Iterator

from growth.running.demo import Mode
from growth.running.ports import port_of
from growth.running.preparation import Prepared


def welcome(prepared: Prepared, address: str, sandbox: socket.socket | None) -> Iterator[str]:
    """The address, and what is worth knowing of an installation of this kind."""
    if prepared.mode is Mode.EMPTY:
        yield f"growth runs. Set it up at {address}/setup?token={prepared.setup_token}"
    else:
        yield f"growth runs at {address}"
    if prepared.mode is Mode.DEMO and sandbox is not None:
        yield "This is the demo: sample data, and no message leaves this machine. Sign in as one of"
        width = max((len(email) for _, email, _ in prepared.sign_ins), default=0)
        yield from (f"  {role:<9} {email:<{width}}  {password}" for role, email, password in prepared.sign_ins)
        yield f"Messages arrive in the practice mailbox, http://127.0.0.1:{port_of(sandbox)}/"
    yield "Stop with Ctrl-C."


def ended(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def answers(host: str, port: int) -> bool:
    """Whether a page comes within a second."""
    asking = http.client.HTTPConnection(host, port, timeout=1)
    try:
        asking.request("GET", "/login")
        return asking.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
