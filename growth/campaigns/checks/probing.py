"""Whether the pages that links lead to answer: asked from here, a few at a time, never inside our own walls."""

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Lock
from urllib.parse import quote, urljoin, urlsplit

from growth.campaigns.checks.finding import Check
from growth.locales import N_

KEY = "answers"
MOST = 20
"""Destinations of one campaign that are asked."""

SECONDS = 4.0
"""For one of them to connect, and again to answer."""

PATIENCE = 10.0
"""Seconds for them all."""

KEPT = timedelta(minutes=15)
_REDIRECTS = 4
_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052."""

_AS_IT_IS = "/?%:@!$&'()*+,;=~[]"
"""Of an address what isn't written otherwise (RFC 3986); letters of other scripts are, as browsers do it."""

_THEN_GET = frozenset({400, 403, 404, 405, 406, 501})
"""What servers say to a HEAD that they don't like."""

Allowed = Callable[[str], bool]
"""Whether an IP address may be connected to."""

_kept: dict[str, tuple[datetime, "Answer"]] = {}
_alone = Lock()


@dataclass(frozen=True)
class Answer:
    """What became of one question."""

    address: str
    state: str
    """answers, broken, private (not for us to ask) or unreached."""
    reason: str = ""


def on_the_internet(address: str) -> bool:
    """Whether an IP address is a public one."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        # Inside it may be another, which is the one that is reached.
        inner = found.ipv4_mapped or found.sixtofour or (found in _NAT64 and IPv4Address(int(found) & 0xFFFFFFFF))
        if inner or found.teredo:
            return bool(inner) and on_the_internet(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


def look(destinations: Iterable[str], now: datetime, allowed: Allowed = on_the_internet) -> list[Check]:
    """What is found about the first `MOST` of them; an answer counts for `KEPT`."""
    asked = list(dict.fromkeys(destinations))[:MOST]
    with _alone:
        known = {one: _kept[one][1] for one in asked if one in _kept and abs(now - _kept[one][0]) < KEPT}
    fresh = ask_all([one for one in asked if one not in known], allowed)
    with _alone:
        _kept.update({one.address: (now, one) for one in fresh if one.state != "unreached"})
        for old in [one for one, (at, _) in _kept.items() if abs(now - at) >= KEPT]:
            del _kept[old]
    return judge([*known.values(), *fresh])


class _Connections:
    """Those of one look, closed when its time is over: a server that drips would hold a thread for days."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._alone = Lock()
        self._over = False

    def hold(self, one: socket.socket) -> None:
        """Raises OSError when the time is over."""
        with self._alone:
            if self._over:
                one.close()
                raise OSError
            self._open.add(one)

    def let_go(self, one: socket.socket) -> None:
        """It is closed by who holds it."""
        with self._alone:
            self._open.discard(one)

    def end(self) -> None:
        """Whoever waits for one of them waits no longer."""
        with self._alone:
            self._over = True
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


def ask_all(
    addresses: Sequence[str], allowed: Allowed = on_the_internet, *, patience: float = PATIENCE
) -> list[Answer]:
    """Ask them at the same time; one that hasn't answered by the end of `patience` seconds is unreached."""
    if not addresses:
        return []
    connections = _Connections()
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="probe")
    running = {pool.submit(ask, address, allowed, connections): address for address in addresses}
    done, _ = wait(running, timeout=patience)
    pool.shutdown(wait=False, cancel_futures=True)
    connections.end()
    return [one.result() if one in done else Answer(address, "unreached") for one, address in running.items()]


def judge(answers: Sequence[Answer]) -> list[Check]:
    """The findings: those that are broken, else that all answer, else why nobody knows."""
    broken = [one for one in answers if one.state == "broken"]
    counts = {"count": len(answers), "answer": sum(one.state == "answers" for one in answers)}
    if broken:
        sentence = N_("A link leads to a page that doesn't answer as it should: %(link)s (%(reason)s).")
        remedy = N_("Open it, and correct it in the message.")
        return [
            Check(KEY, "warn", sentence, remedy, {"link": one.address[:120], "reason": one.reason}, "message")
            for one in broken
        ]
    if answers and counts["answer"] == len(answers):
        return [Check(KEY, "good", N_("Every page that links lead to answers: %(count)s."), values=counts)]
    if all(one.state == "private" for one in answers):
        return [Check(KEY, "info", N_("Links lead inside your own network, so they were not opened."))]
    return [Check(KEY, "info", N_("%(answer)s of %(count)s links could be opened from here."), values=counts)]


def ask(address: str, allowed: Allowed = on_the_internet, connections: _Connections | None = None) -> Answer:
    """HEAD, then GET where a server doesn't like that; each redirect is followed to an allowed place only."""
    here, held = address, connections or _Connections()
    for _ in range(_REDIRECTS):
        try:
            status, onward = _asked(here, allowed, held)
        except PermissionError:
            return Answer(address, "private")
        except ssl.SSLCertVerificationError:
            return Answer(address, "broken", "TLS")
        except (OSError, HTTPException, ValueError):
            return Answer(address, "unreached")
        if not onward:
            return Answer(address, "answers") if status < 400 else Answer(address, "broken", str(status))
        here = urljoin(here, onward)
    return Answer(address, "broken", "3xx")


def _asked(address: str, allowed: Allowed, held: _Connections) -> tuple[int, str | None]:
    """Status, and where it leads on. Raises PermissionError where we may not ask, or what the network does."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(address)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    ips = [str(one[4][0]) for one in found]
    if not all(map(allowed, ips)):
        raise PermissionError(address)
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_AS_IT_IS)
    for method in ("HEAD", "GET"):
        # To the very address that was looked at: a second look-up may say another.
        status, onward = _once(method, parts.scheme, parts.hostname, (ips[0], port), path, held=held)
        if status not in _THEN_GET:
            break
    return status, onward


def _once(
    method: str, scheme: str, host: str, to: tuple[str, int], path: str, *, held: _Connections
) -> tuple[int, str | None]:
    opened = socket.create_connection(to, timeout=SECONDS)
    if scheme == "https":
        opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host, do_handshake_on_connect=False)
    held.hold(opened)
    kind = HTTPSConnection if scheme == "https" else HTTPConnection
    connection = kind(host, to[1], timeout=SECONDS)
    connection.sock = opened
    try:
        if isinstance(opened, ssl.SSLSocket):
            opened.do_handshake()
        connection.request(method, path, headers={"User-Agent": "growth link check", "Accept": "*/*"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location") if 300 <= answer.status < 400 else None
    finally:
        held.let_go(opened)
        connection.close()
