"""Listening sockets, opened before anything else so that a taken port is known at once."""

import errno
import socket

from growth.errors import ConflictError, GrowthError, PermanentError
from growth.locales import N_


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ConflictError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)
    except OSError as error:
        found.close()
        raise _refused(error, host, port) from error
    return found


def listen_near(host: str, port: int) -> socket.socket:
    """A listening socket on `port`, or on any free one when that is taken."""
    try:
        return listen(host, port)
    except ConflictError:
        return listen(host, 0)


def port_of(listening: socket.socket) -> int:
    """The port it listens on."""
    return int(listening.getsockname()[1])


def _refused(error: OSError, host: str, port: int) -> GrowthError:
    if error.errno == errno.EADDRINUSE:
        return ConflictError(
            N_("Port %(port)s is taken by another program."),
            remedy=N_("Stop that one, or choose another port with --port or GROWTH_PORT."),
            port=port,
        )
    return PermanentError(
        N_("growth can't listen on %(host)s, port %(port)s: %(reason)s."),
        remedy=N_("Choose others with GROWTH_HOST and GROWTH_PORT; ports below 1024 are for root."),
        host=host,
        port=port,
        reason=(error.strerror or str(error)).lower(),
    )
