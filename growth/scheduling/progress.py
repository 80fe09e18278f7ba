"""How far a run is, how fast it goes, and how long the rest will take."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_TOO_EARLY = timedelta(seconds=2)
_LONGEST = timedelta(days=99)


@dataclass(frozen=True)
class Progress:
    """Rows done, of how many (None: not known), how many a second, and the time left; None while nobody can say."""

    done: int
    total: int | None
    share: float | None = None
    rate: float | None = None
    left: timedelta | None = None


def progress(done: int, total: int | None, *, since: datetime | None, done_before: int, now: datetime) -> Progress:
    """Reckon from what was done since `since`, the moment the run was last taken up with `done_before` done."""
    share = min(done / total, 1.0) if total else None
    took = now - since if since is not None else timedelta(0)
    if took < _TOO_EARLY or done <= done_before:
        return Progress(done, total, share)
    rate = (done - done_before) / took.total_seconds()
    if total is None:
        return Progress(done, total, share, rate)
    left = timedelta(seconds=min(max(total - done, 0) / rate, _LONGEST.total_seconds()))
    return Progress(done, total, share, rate, left)
