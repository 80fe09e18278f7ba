"""Budget advice: curves read from the past's weeks, a move between two channels answered or refused, the best one kept.

NumPy is loaded only where something is reckoned: pages and workers that don't ask need not hold it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES, labels
from growth.database.changed_days import zone_of
from growth.database.workspace import workspace
from growth.errors import InvalidError, RefusedError
from growth.locales import N_
from growth.measurement.advice.moves import REASONS, Drawn, Move, Silent
from growth.measurement.advice.records import Advice
from growth.measurement.figures import WHOLE
from growth.measurement.holdouts.caused import all_caused
from growth.measurement.periods import Period
from growth.measurement.sums import Cut, sums_of
from growth.spend.budgets import daily_spend
from growth.spend.currencies import base_currency

if TYPE_CHECKING:
    from growth.measurement.advice.causing import Measured
    from growth.measurement.advice.curves import Curve

WEEKS = 52
MEASURED_WEEKS = 12
"""The latest, of which hold-outs say what a channel caused."""
COMMISSION = "commission"
"""The source of costs that follow from what came: nobody can move them, and they'd say that money follows people."""
FRESH = timedelta(days=3)
"""After that a kept answer is told no more."""
_SHARES = (0.1, 0.2, 0.3)
"""Of what a channel costs a month, that the best move may take."""
_NINETY = 1.6449
"""Standard errors from the middle to the end of an interval of 90 %."""


def curves(session: Session, side: str, now: datetime) -> "dict[str, Curve | Silent]":
    """Channel → its curve of what it truly causes, from up to 52 whole weeks until the last one that is over."""
    from growth.measurement.advice import causing  # noqa: PLC0415 - NumPy
    from growth.measurement.advice.curves import Curve, demand_of, fit_curve  # noqa: PLC0415 - NumPy

    last = _last_sunday(session, now)
    spends, people, total = _weeks(session, side, last)
    measured = _measured(session, side, last)
    demand = demand_of(total) if total else None
    fitted = {one: fit_curve(spends[one], people[one], demand, crc32(one.encode())) for one in labels(side)}
    known = {one: curve for one, curve in fitted.items() if isinstance(curve, Curve)}
    for one in causing.together({one: curve.spend for one, curve in known.items()}):
        if one not in measured:
            fitted[one] = Silent("moves_together", one)
            del known[one]
    silent = {one: Silent(found.reason, one) for one, found in fitted.items() if isinstance(found, Silent)}
    return fitted | silent | causing.anchored(known, total, measured)


def drawn_curves(session: Session, side: str, now: datetime) -> dict[str, Drawn | Silent]:
    """Channel → its curve for the eye, or why there is none; as the job reckoned them last, or reckoned now."""
    kept = _kept(session, side, now)
    if kept is None:
        return _drawn(curves(session, side, now))
    return {one: Silent(told["reason"], one) if "reason" in told else Drawn.read(told)
            for one, told in kept.curves.items()}  # fmt: skip


def _drawn(found: "dict[str, Curve | Silent]") -> dict[str, Drawn | Silent]:
    from growth.measurement.advice.curves import drawn  # noqa: PLC0415 - NumPy

    return {one: curve if isinstance(curve, Silent) else drawn(curve) for one, curve in found.items()}


def _last_sunday(session: Session, now: datetime) -> date:
    today = now.astimezone(zone_of(session)).date()
    return today - timedelta(days=today.weekday() + 1)


def _weeks(
    session: Session, side: str, last: date
) -> tuple[dict[str, list[float]], dict[str, list[float]], list[float]]:
    """By channel from its first week on: minor units spent, and people credited; and all people by week."""
    period = Period(last - timedelta(days=7 * WEEKS - 1), last)
    found = sums_of(session, Cut(side), period).by_day
    follow = daily_spend(session, side, (period.first, last), base_currency(session), sources=(COMMISSION,))
    spends, people = ({one: [0.0] * WEEKS for one in labels(side)} for _ in range(2))
    for (channel, day), figures in found.items():
        week = (day - period.first).days // 7
        spends.setdefault(channel, [0.0] * WEEKS)[week] += figures.cost_minor
        people.setdefault(channel, [0.0] * WEEKS)[week] += figures.acquired / WHOLE
    for channel, days in follow.items():
        for week, minor in enumerate(_by_week(days)):
            spends[channel][week] = max(spends[channel][week] - minor, 0.0)
    total = [sum(weeks) for weeks in zip(*people.values(), strict=True)]
    begun = {one: _begun(spends[one], people[one]) for one in people}
    return (
        {one: spends[one][begun[one] :] for one in people},
        {one: people[one][begun[one] :] for one in people},
        total[min(begun.values()) :],
    )


def _by_week(days: Sequence[int]) -> list[float]:
    return [float(sum(days[place : place + 7])) for place in range(0, len(days), 7)]


def _begun(spend: list[float], people: list[float]) -> int:
    return next((week for week, both in enumerate(zip(spend, people, strict=True)) if any(both)), WEEKS)


def _measured(session: Session, side: str, last: date) -> "dict[str, Measured]":
    from growth.measurement.advice.causing import Measured  # noqa: PLC0415 - NumPy

    period = Period(last - timedelta(days=7 * MEASURED_WEEKS - 1), last)
    return {
        channel: Measured(one.value, (one.high - one.low) / 2 / _NINETY, MEASURED_WEEKS)
        for channel, one in all_caused(session, side, period).items()
        if one.outcome == "acquired"
    }


def advise(session: Session, side: str, channels: tuple[str, str], minor: int, *, now: datetime) -> Move:
    """What moving `minor` a month from the first to the second channel would bring a month.

    In minor units of the workspace's currency.

    Raises InvalidError for channels there aren't, RefusedError with the reason where the past can't say.
    """
    source, target = channels
    for field, channel in (("source", source), ("target", target)):
        if channel not in labels(side):
            raise InvalidError(field, N_("There is no such channel on this side."))
    if source == target:
        raise InvalidError("target", N_("Choose two different channels."))
    if minor <= 0:
        raise InvalidError("amount", N_("The amount is more than zero."))
    answer = asked(curves(session, side, now), channels, minor, base_currency(session))
    if isinstance(answer, Silent):
        raise RefusedError(REASONS[answer.reason])
    return answer


def asked(found: "dict[str, Curve | Silent]", channels: tuple[str, str], minor: int, currency: str) -> Move | Silent:
    """What a move brings by these curves."""
    from growth.measurement.advice.curves import Curve, move  # noqa: PLC0415 - NumPy

    source, target = (found[one] for one in channels)
    change = move(source, target, minor)
    if isinstance(change, Silent):
        return change
    tested = all(isinstance(one, Curve) and one.tested for one in (source, target))
    return Move(*channels, minor, currency, change.low, change.expected, change.high, tested)


def reckon_best(found: "dict[str, Curve | Silent]", currency: str) -> Move | Silent:
    """The move whose lower end is highest, of a tenth to three tenths of what a channel costs; or why there is none."""
    from growth.measurement.advice.curves import WEEKS_A_MONTH, Curve  # noqa: PLC0415 - NumPy

    known = {one: curve for one, curve in found.items() if isinstance(curve, Curve)}
    answers = [
        asked(found, (source, target), minor, currency)
        for source, target in permutations(known, 2)
        for share in _SHARES
        if (minor := _rounded(known[source].usual * WEEKS_A_MONTH * share)) > 0
    ]
    moves = [one for one in answers if isinstance(one, Move) and one.low > 0]
    if moves:
        return max(moves, key=lambda one: one.low)
    silent = [one for one in found.values() if isinstance(one, Silent)]
    return Silent("no_better") if len(known) > 1 or not silent else Silent(silent[0].reason)


def _rounded(minor: float) -> int:
    """To one leading figure, as people talk of money."""
    whole = int(minor)
    step: int = 10 ** max(len(str(whole)) - 1, 0)
    return whole // step * step


def keep_best(session: Session, now: datetime) -> None:
    """Reckon curves and the best move of both sides, for pages to tell; nothing before the set-up."""
    for side in SIDES if workspace(session) else ():
        found, currency = curves(session, side, now), base_currency(session)
        best = reckon_best(found, currency)
        answer = asdict(best) if isinstance(best, Move) else {"reason": best.reason}
        told = {
            one: {"reason": shown.reason} if isinstance(shown, Silent) else asdict(shown)
            for one, shown in _drawn(found).items()
        }
        # What holds only in this currency is told only while it is the workspace's.
        session.merge(Advice(side=side, reckoned_at=now, currency=currency, answer=answer, curves=told))
    session.flush()


def best_move(session: Session, side: str, now: datetime) -> Move | Silent:
    """The best move as the job reckoned it last, or why there is none (`REASONS`); cheap: one row is read.

    An answer in a currency that is no longer the workspace's, or one of some days ago, is not told.
    """
    kept = _kept(session, side, now)
    if kept is None:
        return Silent("not_reckoned")
    return Silent(kept.answer["reason"]) if "reason" in kept.answer else Move(**kept.answer)


def _kept(session: Session, side: str, now: datetime) -> Advice | None:
    kept = session.get(Advice, side)
    told = kept is not None and now - kept.reckoned_at <= FRESH and kept.currency == base_currency(session)
    return kept if told else None
