"""Budget advice: curves read from the roll-up's weeks, and a move between two channels answered or refused."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.attribution.channels import labels
from growth.database.changed_days import zone_of
from growth.errors import InvalidError, RefusedError
from growth.locales import N_
from growth.measurement.advice.curves import Curve, Move, Silent, fit_curve, move
from growth.measurement.figures import WHOLE
from growth.measurement.records import ChannelDay

WEEKS = 52
REASONS = {
    "too_few_weeks": N_("The past can't say: it takes twelve weeks of figures, half of them with a cost."),
    "no_variation": N_("The past can't say: what was spent hardly ever changed, so its effect can't be told."),
    "no_effect": N_("The past can't say: weeks with more money brought no more people than others."),
    "more_than_spent": N_("It is more than this channel costs a month."),
    "never_seen": N_("It is far more than this channel has ever cost, and nobody knows what happens there."),
    "both_signs": N_("The past can't say whether this would bring more people or fewer."),
}


def curves(session: Session, side: str, now: datetime) -> dict[str, Curve | Silent]:
    """Channel → its curve from up to 52 whole weeks, until the last one that is over."""
    today = now.astimezone(zone_of(session)).date()
    last = today - timedelta(days=today.weekday() + 1)
    weeks = _weeks(session, side, last)
    return {channel: fit_curve(*weeks.get(channel, ([], []))) for channel in labels(side)}


def _weeks(session: Session, side: str, last: date) -> dict[str, tuple[list[float], list[float]]]:
    first = last - timedelta(days=7 * WEEKS - 1)
    columns = (ChannelDay.channel, ChannelDay.day, func.sum(ChannelDay.cost_minor), func.sum(ChannelDay.acquired))
    wanted = select(*columns).where(ChannelDay.side == side, ChannelDay.day.between(first, last))
    weeks: dict[str, tuple[list[float], list[float]]] = {}
    started: dict[str, int] = {}
    for channel, day, cost, acquired in session.execute(wanted.group_by(*columns[:2]).order_by(ChannelDay.day)):
        week = (day - first).days // 7
        started.setdefault(channel, week)
        spend, people = weeks.setdefault(channel, ([0.0] * WEEKS, [0.0] * WEEKS))
        spend[week] += float(cost)
        people[week] += float(acquired) / WHOLE
    return {one: (spend[started[one] :], people[started[one] :]) for one, (spend, people) in weeks.items()}


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
    found = curves(session, side, now)
    answer = move(found[source], found[target], minor)
    if isinstance(answer, Silent):
        raise RefusedError(REASONS[answer.reason])
    return answer
