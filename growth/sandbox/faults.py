"""What the pretend SendGrid is told to do wrong, and how much it takes in a while."""

import random
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from growth.errors import InvalidError
from growth.locales import N_


class Fault(StrEnum):
    """Something that goes wrong with a request to send."""

    RATE_LIMIT = "429"
    ERROR = "500"
    UNAVAILABLE = "503"
    TOO_LARGE = "413"
    """Takes nothing of a request that it calls too large, though another time it takes it."""
    SUSPENDED = "403"
    """Lets nobody send: the account was closed. Never at random, since it doesn't pass by itself."""
    HANG = "hang"
    """Takes the connection and never answers; nothing is accepted."""
    DROP = "drop"
    """Breaks the connection off; nothing is accepted."""
    ACCEPT_THEN_DROP = "accept-then-drop"
    """Accepts the mail and breaks the connection off before the answer."""
    ACCEPT_THEN_HANG = "accept-then-hang"
    """Accepts the mail and never answers."""
    ACCEPT_THEN_ERROR = "accept-then-500"
    """Accepts the mail and answers 500."""
    ACCEPT_THEN_HALF = "accept-then-half"
    """Accepts the mail and breaks the connection off in the middle of the answer."""
    ACCEPT_THEN_DRIP = "accept-then-drip"
    """Accepts the mail and sends the answer letter by letter."""

    @property
    def passes(self) -> bool:
        """Whether it passes by itself."""
        return self is not Fault.SUSPENDED

    @property
    def accepts(self) -> bool:
        """Whether the mail is accepted all the same."""
        return self.value.startswith("accept-")


PASSING = tuple(fault for fault in Fault if fault.passes)


@dataclass(frozen=True)
class Allowance:
    """What X-RateLimit-* say: how many requests a window, how many are left, seconds since 1970 when it ends."""

    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """As SendGrid sends them."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class RateLimit:
    """So many requests in each window of time."""

    def __init__(self, requests: int = 10_000, seconds: int = 1) -> None:
        self.set(requests, seconds)

    def set(self, requests: int, seconds: int) -> None:
        """Change it. Raises InvalidError."""
        if requests < 1 or seconds < 1:
            raise InvalidError("requests", N_("Give at least one request and one second."))
        self._limit, self._seconds = requests, seconds
        self._window, self._taken = 0, 0

    def take(self, now: float) -> Allowance:
        """Count one request at `now`, seconds since 1970."""
        window = int(now // self._seconds)
        if window != self._window:
            self._window, self._taken = window, 0
        allowed = self._taken < self._limit
        self._taken += allowed
        return Allowance(self._limit, self._limit - self._taken, (window + 1) * self._seconds, allowed)


class Faults:
    """The faults to come, first come first served."""

    def __init__(self) -> None:
        self.drip_seconds = 0.02
        """Between two letters of an answer that drips."""
        self.answer_seconds = 0.0
        """How long it takes to answer, faults aside."""
        self._lock = threading.Lock()
        self._coming: deque[Fault] = deque()
        self._dice = random.Random()  # noqa: S311 - for faults, not for keys
        self._share = 0.0
        self._kinds: tuple[Fault, ...] = ()

    def at_random(self, share: float, seed: int, kinds: Sequence[Fault] = PASSING) -> None:
        """From now on have this share of the requests go wrong, each in one of these ways; the same from a seed."""
        with self._lock:
            self._dice.seed(seed)
            self._share, self._kinds = share, tuple(kinds)

    def next_requests(self, fault: Fault | str, requests: int = 1) -> None:
        """Have the next `requests` go wrong in this way, after those asked for before. Raises InvalidError."""
        if fault not in set(Fault):
            raise InvalidError("fault", N_("There are the faults %(known)s."), known=", ".join(Fault))
        with self._lock:
            self._coming.extend([Fault(fault)] * requests)

    def next(self) -> Fault | None:
        """What goes wrong with this request, if anything."""
        with self._lock:
            if self._coming:
                return self._coming.popleft()
            return self._dice.choice(self._kinds) if self._dice.random() < self._share else None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._coming.clear()
            self._share = 0.0

    def coming(self) -> list[str]:
        """What was asked for and has not happened yet."""
        with self._lock:
            return [fault.value for fault in self._coming]
