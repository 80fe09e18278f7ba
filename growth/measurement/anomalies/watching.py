"""Watching channels: the roll-up's last days against their baseline, departures kept until somebody explains them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.changed_days import SIDES, ChannelDayDue, zone_of
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.locales import N_
from growth.measurement.anomalies.causes import Cause, causes, ten_thousandths
from growth.measurement.anomalies.folding import Finding, fold
from growth.measurement.anomalies.series import ALL, HISTORY, RECENT, Scope, Series
from growth.measurement.anomalies.surroundings import surroundings
from growth.measurement.figures import WHOLE
from growth.measurement.records import Anomaly, ChannelDay

QUIET = timedelta(days=14)
"""So long a channel in a country isn't told of again."""
SHOWN = timedelta(days=28)
LONGEST_EXPLANATION = 500
STATES = ("new", "seen", "explained")


def watch(session: Session, now: datetime) -> int:
    """Judge the days until yesterday on both sides and keep what is new. Gives how many; safe to repeat."""
    last = now.astimezone(zone_of(session)).date() - timedelta(days=1)
    return sum(_watch_side(session, side, last, now) for side in SIDES)


def _watch_side(session: Session, side: str, last: date, now: datetime) -> int:
    due = select(ChannelDayDue.day).where(ChannelDayDue.side == side, ChannelDayDue.day > last - timedelta(days=RECENT))
    if session.scalar(due.where(ChannelDayDue.day <= last).limit(1)) is not None:
        return 0  # the roll-up comes first; the next run looks again
    from growth.measurement.anomalies.judging import judge  # noqa: PLC0415 - SciPy, which pages need not load

    judged = judge(_series(session, side, last), last)
    quiet = _told_lately(session, side, last)
    fresh = [one for one in fold(judged.departures) if (one.lead.scope.channel, one.lead.scope.country) not in quiet]
    common = {"side": side, "day": last, "found_at": now}
    rows = []
    for one in fresh:
        around = surroundings(session, side, one.lead.since, last, now)
        rows.append(common | _row(one, causes(one, judged.changes, around)))
    if rows:
        kept = insert(Anomaly).on_conflict_do_nothing().returning(Anomaly.id)
        return len(session.scalars(kept, rows).all())
    return 0


def _series(session: Session, side: str, last: date) -> list[Series]:
    """Every channel by country and in all, from one read of the roll-up's index."""
    first = last - timedelta(days=HISTORY + RECENT - 1)
    place = [ChannelDay.day, ChannelDay.channel, ChannelDay.country]
    figures = (ChannelDay.touches, ChannelDay.acquired, ChannelDay.orders, ChannelDay.cost_minor)
    columns: list[Any] = [*place, *(func.sum(one) for one in figures)]
    wanted = select(*columns).where(ChannelDay.side == side, ChannelDay.day.between(first, last))
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0] * (HISTORY + RECENT))
    for day, channel, country, touches, acquired, orders, cost in session.execute(wanted.group_by(*place)):
        told = {"touches": int(touches), "acquired": int(acquired) / WHOLE, "orders": int(orders) / WHOLE,
                "cost": int(cost)}  # fmt: skip
        for where in (country, ALL):
            for name, figure in told.items():
                sums[channel, where, name][(day - first).days] += max(figure, 0)
    ones = [1.0] * (HISTORY + RECENT)
    made = [Series(Scope(*key), counts, ones) for key, counts in sums.items() if key[2] != "cost"]
    for (channel, country, name), spent in sums.items():
        if name == "cost" and any(spent):
            each = [amount / (sum(spent) / len(spent)) for amount in spent]
            made.append(Series(Scope(channel, country, "cost_each"), sums[channel, country, "acquired"], each))
    return made


def _told_lately(session: Session, side: str, last: date) -> set[tuple[str, str]]:
    """Channels and countries told of in the last days, those beneath another too."""
    columns = (Anomaly.channel, Anomaly.country, Anomaly.evidence["beneath"])
    found = session.execute(select(*columns).where(Anomaly.side == side, Anomaly.day > last - QUIET))
    told: set[tuple[str, str]] = set()
    for channel, country, beneath in found:
        told |= {(channel, country), *((name, place) for name, place, *_ in beneath or ())}
    return told


def _row(one: Finding, found: Sequence[Cause]) -> dict[str, object]:
    lead = one.lead
    beneath = [
        [below.scope.channel, below.scope.country, below.scope.measure, ten_thousandths(below.change)]
        for below in one.beneath
    ]
    figures = {"seen": round(lead.seen * WHOLE), "expected": round(lead.expected * WHOLE), "p": lead.p}
    scope = {"channel": lead.scope.channel, "country": lead.scope.country, "measure": lead.scope.measure}
    change = {"since": lead.since, "change": ten_thousandths(lead.change)}
    return scope | change | {"evidence": figures | {"causes": found, "beneath": beneath}}


def anomalies(session: Session, side: str, country: str | None, now: datetime) -> Sequence[Anomaly]:
    """What isn't explained yet of the last four weeks, the newest first; at most 20."""
    since = now.astimezone(zone_of(session)).date() - SHOWN
    found = select(Anomaly).where(Anomaly.side == side, Anomaly.day >= since, Anomaly.state != "explained")
    if country is not None:
        found = found.where(Anomaly.country == country)
    return session.scalars(found.order_by(Anomaly.day.desc(), Anomaly.id.desc()).limit(20)).all()


def move_on(session: Session, anomaly_id: int, state: str, explanation: str, *, actor: str, now: datetime) -> Anomaly:
    """See or explain an anomaly, audited. Raises NotFoundError, InvalidError, ConflictError when it is past that."""
    words = explanation.strip()
    if state not in STATES[1:]:
        raise InvalidError("state", N_("An anomaly is seen or explained."))
    if len(words) > LONGEST_EXPLANATION or (state == "explained" and not words):
        raise InvalidError("explanation", N_("Say in at most %(most)s letters what it was."), most=LONGEST_EXPLANATION)
    moved = update(Anomaly).where(Anomaly.id == anomaly_id, Anomaly.state.in_(STATES[: STATES.index(state)]))
    found: Anomaly | None = session.scalar(moved.values(state=state, explanation=words).returning(Anomaly))
    if found is None and session.get(Anomaly, anomaly_id) is None:
        raise NotFoundError(N_("There is no such anomaly."))
    if found is None:
        raise ConflictError(N_("Somebody has seen or explained it already."))
    audit(session, actor=actor, action=f"anomaly {state}", subject=str(anomaly_id),
          detail={"explanation": words}, now=now)  # fmt: skip
    return found
