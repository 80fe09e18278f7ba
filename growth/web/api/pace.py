"""How much a client may send: counted in memory, by each process for itself, so that it costs nothing."""

from collections import Counter
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

_CLIENTS = 50_000
"""How many clients are told apart; beyond, newcomers share one allowance until the next window."""


class Pace:
    """At most `limit` in each window, by client. One that has spent it waits for the next window."""

    def __init__(self, limit: int, window: timedelta) -> None:
        self._limit = limit
        self._window = window.total_seconds()
        self._number = 0
        self._spent: Counter[str] = Counter()

    def wait(self, client: str, now: datetime) -> float | None:
        """Seconds until the client may send again, or None when it may now."""
        self._turn(now)
        if self._spent[self._name(client)] < self._limit:
            return None
        return (self._number + 1) * self._window - now.timestamp()

    def spend(self, client: str, amount: int, now: datetime) -> None:
        """The client has sent this much."""
        self._turn(now)
        self._spent[self._name(client)] += amount

    def _turn(self, now: datetime) -> None:
        number = int(now.timestamp() // self._window)
        if number != self._number:
            self._number = number
            self._spent.clear()

    def _name(self, client: str) -> str:
        known = client in self._spent or len(self._spent) < _CLIENTS
        return client if known else ""


def network_of(host: str | None) -> str:
    """Whom a client is counted as: its address, of IPv6 the first 64 bits, since one line has all that follow."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or ""
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or int(address) >> 64)
    return str(address)
