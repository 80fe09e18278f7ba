"""How messages fare at each receiver, by the minute they were sent in, and what to do before reputation is hurt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, literal_column, select
from sqlalchemy.orm import Session

from growth.campaigns.records import CampaignRun, Delivery, ReceiverMinute
from growth.locales import N_

WINDOW = timedelta(days=7)
ENOUGH = 200
"""Messages to a receiver from which on its rates say something."""

_KEPT_BY_MINUTE = timedelta(days=2)
_MEASURES = ("sent", "delivered", "deferred", "bounced", "complained", "opened", "clicked")


@dataclass(frozen=True)
class Fate:
    """What became of some messages; every figure but `sent` is of those sent."""

    sent: int = 0
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    complained: int = 0
    opened: int = 0
    clicked: int = 0

    def share(self, measure: str) -> float:
        """Of those sent; 0 when there are none."""
        number: int = getattr(self, measure)
        return number / self.sent if self.sent else 0.0


@dataclass(frozen=True)
class Finding:
    """Something to look at: a sentence with its values and a remedy."""

    tone: str
    """warn or bad."""
    sentence: str
    remedy: str
    receiver: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Limit:
    """From which share on a measure is worth a look (`warn`), and does harm (`bad`)."""

    measure: str
    warn: float
    bad: float
    sentence: str
    remedy: str


LIMITS = (
    # Google's and Yahoo's rules for senders of 2024: below 0.1 %, and never 0.3 %.
    Limit(
        "complained",
        0.001,
        0.003,
        N_("%(share)s of what went to %(receiver)s was reported as spam."),
        N_("Send to those who opened or ordered lately, and show how they came on the list."),
    ),
    # SendGrid's advice: below 2 %; from 5 % on it may suspend an account.
    Limit(
        "bounced",
        0.02,
        0.05,
        N_("%(share)s of what went to %(receiver)s bounced."),
        N_("Leave out addresses that have not been written to for long, and see the reasons below."),
    ),
    Limit(
        "deferred",
        0.1,
        0.3,
        N_("%(receiver)s put off %(share)s of the messages."),
        N_("Send more slowly there: set a limit per hour for this receiver."),
    ),
)
_FILED_AS_SPAM = N_(
    "At %(receiver)s only %(share)s were opened, elsewhere %(others)s: they may land in the spam folder."
)
_LOOK_THERE = N_("Send yourself a test to an address there, and look at the check of SPF, DKIM and DMARC.")


def judge(receivers: Mapping[str, Fate]) -> list[Finding]:
    """What needs attention, the worst first; receivers with fewer than `ENOUGH` messages say nothing."""
    findings = [
        finding
        for receiver, fate in receivers.items()
        if fate.sent >= ENOUGH
        for finding in (*_over_limits(receiver, fate), *_filed_as_spam(receiver, fate, receivers))
    ]
    return sorted(findings, key=lambda finding: (finding.tone != "bad", -receivers[finding.receiver].sent))


def _over_limits(receiver: str, fate: Fate) -> list[Finding]:
    found = []
    for limit in LIMITS:
        share = fate.share(limit.measure)
        if share >= limit.warn:
            tone = "bad" if share >= limit.bad else "warn"
            found.append(Finding(tone, limit.sentence, limit.remedy, receiver, {"share": share}))
    return found


def _filed_as_spam(receiver: str, fate: Fate, receivers: Mapping[str, Fate]) -> list[Finding]:
    """A receiver whose users open less than half as often as all others' do."""
    sent = sum(one.sent for name, one in receivers.items() if name != receiver)
    opened = sum(one.opened for name, one in receivers.items() if name != receiver)
    if sent < ENOUGH or fate.sent < 2 * ENOUGH or fate.share("opened") * 2 >= opened / sent:
        return []
    values = {"share": fate.share("opened"), "others": opened / sent}
    return [Finding("warn", _FILED_AS_SPAM, _LOOK_THERE, receiver, values)]


def by_receiver(
    session: Session, *, since: datetime | None = None, runs: Sequence[int] | None = None
) -> dict[str, Fate]:
    """What became of what was sent since then, by receiver, the largest first; of some runs alone when given."""
    wanted = select(ReceiverMinute.receiver, *_sums()).group_by(ReceiverMinute.receiver)
    if since is not None:
        wanted = wanted.where(ReceiverMinute.minute >= since)
    if runs is not None:
        wanted = wanted.where(ReceiverMinute.campaign_run_id.in_(runs))
    rows = session.execute(wanted).all()
    fates = {receiver: Fate(*map(int, figures)) for receiver, *figures in rows}
    return dict(sorted(((name, fate) for name, fate in fates.items() if fate.sent), key=lambda one: -one[1].sent))


def by_minute(session: Session, runs: Sequence[int], *, most: int = 240) -> dict[datetime, Fate]:
    """What became of runs' messages by the minute they were sent in, the last `most` such minutes in order."""
    wanted = select(ReceiverMinute.minute, *_sums()).where(ReceiverMinute.campaign_run_id.in_(runs))
    newest = wanted.group_by(ReceiverMinute.minute).order_by(ReceiverMinute.minute.desc()).limit(most)
    rows = session.execute(newest).all()
    return {minute: Fate(*map(int, figures)) for minute, *figures in reversed(rows)}


def bounces(session: Session, runs: Sequence[int]) -> dict[str, int]:
    """How many of the runs' messages bounced, by class, the most first."""
    number = func.count()
    wanted = select(func.coalesce(Delivery.bounce_class, "unclassified"), number).where(
        Delivery.campaign_run_id.in_(runs), Delivery.filed == "bounced"
    )
    rows = session.execute(wanted.group_by(literal_column("1")).order_by(number.desc()))
    return {name: bounced for name, bounced in rows}  # noqa: C416 - rows, not pairs


def runs_of(session: Session, campaign_id: int) -> list[int]:
    """All runs of a campaign."""
    return list(session.scalars(select(CampaignRun.id).where(CampaignRun.campaign_id == campaign_id)))


def runs_since(session: Session, since: datetime) -> list[int]:
    """Runs that sent something since then."""
    wanted = select(ReceiverMinute.campaign_run_id).where(ReceiverMinute.minute >= since).distinct()
    return list(session.scalars(wanted.order_by(ReceiverMinute.campaign_run_id)))


def fold_minutes(session: Session, now: datetime) -> int:
    """Add up the rows of minutes that are past, and after two days those of hours; gives how many rows are fewer."""
    hours = func.date_trunc("hour", ReceiverMinute.minute)
    old = ReceiverMinute.minute < now - _KEPT_BY_MINUTE
    lately = ReceiverMinute.minute.between(now - _KEPT_BY_MINUTE, now - timedelta(minutes=5))
    fewer = 0
    for which, minute in ((old & (ReceiverMinute.minute >= now - WINDOW), hours), (lately, ReceiverMinute.minute)):
        fewer += _fold(session, which, minute)
    return fewer


def _fold(session: Session, which: Any, minute: Any) -> int:
    same = (ReceiverMinute.campaign_run_id, ReceiverMinute.receiver, minute)
    several = select(ReceiverMinute.id, func.count().over(partition_by=same).label("number")).where(which).subquery()
    # What stands alone is left as it is; and one statement, so that a reader sees either the many rows or the few.
    folded = ReceiverMinute.id.in_(select(several.c.id).where(several.c.number > 1))
    gone = delete(ReceiverMinute).where(folded).returning(ReceiverMinute, minute.label("kept_minute")).cte("gone")
    keys = (gone.c.campaign_run_id, gone.c.receiver, gone.c.kept_minute)
    sums = [func.sum(gone.c[measure]) for measure in _MEASURES]
    columns = ["campaign_run_id", "receiver", "minute", *_MEASURES]
    kept = insert(ReceiverMinute).from_select(columns, select(*keys, *sums).group_by(*keys)).returning(1).cte("kept")
    before, after = (select(func.count()).select_from(rows).scalar_subquery() for rows in (gone, kept))
    return int(session.execute(select(before - after)).scalar_one())


def _sums() -> list[Any]:
    return [func.sum(getattr(ReceiverMinute, measure)) for measure in _MEASURES]
