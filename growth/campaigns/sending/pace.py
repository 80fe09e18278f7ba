"""How fast we send: how many messages may go now, over all, to one receiver, of one campaign, of a new sender.

An hour's allowance is given out by the minute, so that it goes smoothly. What of it is used is counted in the
claim's own transaction, under the lock of its row: however many workers there are, together they send no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from growth.campaigns.sending.records import SendingPace, SendingRules
from growth.campaigns.sending.timing import full_minute

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_KEPT = timedelta(days=2)
_WARM_UP_MINUTES = 8 * 60
"""Over at least so many of a day a warm-up's messages go out."""
RECEIVER = "receiver:"


@dataclass(frozen=True)
class Allowance:
    """How many messages may be claimed now; what has no limit isn't named."""

    total: int | None = None
    by_receiver: Mapping[str, int] = field(default_factory=dict)
    scopes: Mapping[str, datetime] = field(default_factory=dict)
    """What is counted, and in which slice of time; `receiver:…` counts only its own."""
    again_at: datetime | None = None
    """When there may be more."""

    @property
    def exhausted(self) -> list[str]:
        """Receivers to whom nothing may go now."""
        return [receiver for receiver, left in self.by_receiver.items() if left <= 0]


def share(per_hour: int, minute: datetime) -> int:
    """How many of an hour's messages are this minute's; those of any sixty minutes in a row make up `per_hour`."""
    place = int(minute.timestamp()) // 60 % 60
    return per_hour * (place + 1) // 60 - per_hour * place // 60


def most_today(rules: SendingRules, now: datetime) -> int | None:
    """Messages that a new sender's warm-up allows on this day (UTC); None when there is none, or it is over."""
    if rules.warm_up_since is None:
        return None
    day = (now.astimezone(UTC).date() - rules.warm_up_since).days
    if day >= rules.warm_up_days:
        return None
    # In whole numbers, so that the plan on the page is what is done.
    most = rules.warm_up_first
    for _ in range(max(day, 0)):
        most = most * rules.warm_up_growth // 100
    return most if day >= 0 else rules.warm_up_first


def warm_up_plan(rules: SendingRules) -> list[int]:
    """Messages of each day of the warm-up, for the page."""
    since = rules.warm_up_since
    if since is None:
        return []
    first = datetime(since.year, since.month, since.day, tzinfo=UTC)
    return [most_today(rules, first + day * _DAY) or 0 for day in range(rules.warm_up_days)]


@dataclass(frozen=True)
class Limit:
    """So many messages of a scope in the slice of time that began at `since`."""

    scope: str
    since: datetime
    most: int
    again_at: datetime


def limits(rules: SendingRules, campaign: int, per_hour: int | None, now: datetime) -> list[Limit]:
    """All limits that hold for a campaign now, in the order of their scopes."""
    minute = full_minute(now)
    hourly: dict[str, int] = {f"{RECEIVER}{name}": int(number) for name, number in rules.per_receiver.items()}
    hourly |= {"all": rules.per_hour} if rules.per_hour else {}
    hourly |= {f"campaign:{campaign}": per_hour} if per_hour else {}
    found = [Limit(scope, minute, share(number, minute), _next(number, minute)) for scope, number in hourly.items()]
    today = most_today(rules, now)
    if today is not None:
        midnight = minute.astimezone(UTC).replace(hour=0, minute=0)
        found.append(Limit("day", midnight, today, midnight + _DAY))
        found.append(Limit("warm-up", minute, -(-today // _WARM_UP_MINUTES), minute + _MINUTE))
    return sorted(found, key=lambda limit: limit.scope)


def _next(per_hour: int, minute: datetime) -> datetime:
    """The next minute that has a share."""
    return next(later for place in range(1, 61) if share(per_hour, later := minute + place * _MINUTE))


_TAKE = text("""
    insert into sending_pace (scope, since, used)
    select scope, since, 0 from unnest(cast(:scopes as text[]), cast(:since as timestamptz[])) given (scope, since)
    order by scope on conflict do nothing
""")
_LOCKED = text("""
    select scope, used from sending_pace
    where (scope, since) in (
        select * from unnest(cast(:scopes as text[]), cast(:since as timestamptz[])))
    order by scope for update
""")
_USE = text("""
    update sending_pace set used = used + given.number
    from unnest(cast(:scopes as text[]), cast(:since as timestamptz[]), cast(:numbers as bigint[]))
        given (scope, since, number)
    where sending_pace.scope = given.scope and sending_pace.since = given.since
""")


def allowance(session: Session, rules: SendingRules, campaign: int, per_hour: int | None, now: datetime) -> Allowance:
    """What may be claimed now; others who ask wait until the caller's transaction ends."""
    held = limits(rules, campaign, per_hour, now)
    if not held:
        return Allowance()
    given = {"scopes": [limit.scope for limit in held], "since": [limit.since for limit in held]}
    session.execute(_TAKE, given)
    used: dict[str, int] = {row.scope: row.used for row in session.execute(_LOCKED, given)}
    return _left(held, used)


def _left(held: list[Limit], used: Mapping[str, int]) -> Allowance:
    left = {limit.scope: max(0, limit.most - used[limit.scope]) for limit in held}
    totals = [number for scope, number in left.items() if not scope.startswith(RECEIVER)]
    # Where one for all is used up, its next slice counts; where a receiver's, its own.
    waiting = [limit for limit in held if not left[limit.scope] and not limit.scope.startswith(RECEIVER)]
    waiting = waiting or [min(held, key=lambda limit: limit.again_at)]
    return Allowance(
        min(totals) if totals else None,
        {scope.removeprefix(RECEIVER): number for scope, number in left.items() if scope.startswith(RECEIVER)},
        {limit.scope: limit.since for limit in held},
        max(limit.again_at for limit in waiting),
    )


def use(session: Session, given: Allowance, by_receiver: Mapping[str, int]) -> None:
    """Count messages that were claimed under an allowance, by receiver, in the transaction it was given in."""
    total = sum(by_receiver.values())
    numbers = {
        scope: by_receiver.get(scope.removeprefix(RECEIVER), 0) if scope.startswith(RECEIVER) else total
        for scope in given.scopes
    }
    counted: dict[str, Any] = {scope: number for scope, number in numbers.items() if number}
    if counted:
        since = [given.scopes[scope] for scope in counted]
        session.execute(_USE, {"scopes": list(counted), "since": since, "numbers": list(counted.values())})


def forget(session: Session, now: datetime) -> None:
    """Take away what was counted long ago."""
    session.execute(delete(SendingPace).where(SendingPace.since < now - _KEPT))
