"""Unsubscriptions that the law wanted to work sooner: told us too late, or in a list that was never brought in."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.people.permission.evidence import rule_for
from growth.people.permission.jurisdictions import Rule
from growth.people.records import ConsentFact
from growth.scheduling.records import JobRun

LATELY = timedelta(days=30)
MOST_LOOKED_AT = 20_000
"""Newest facts; it is about whether there are any."""
_JOB = "import_suppressions"


def must_work_within(rule: Rule) -> timedelta:
    """How long an unsubscription may take: the law's working days, and a day where it says at once."""
    return timedelta(days=rule.unsubscribe_days + 2 * -(-rule.unsubscribe_days // 5) or 1)


def told_late(session: Session, now: datetime) -> Counter[str]:
    """By rule, how many of the newest withdrawals we learned of when they had to work already."""
    newest = select(ConsentFact).order_by(ConsentFact.id.desc()).limit(MOST_LOOKED_AT).subquery()
    said = select(newest.c.jurisdiction, newest.c.at, newest.c.recorded_at)
    late: Counter[str] = Counter()
    for jurisdiction, at, recorded_at in session.execute(
        said.where(
            newest.c.granted.is_(False), newest.c.recorded_at >= now - LATELY, newest.c.recorded_at > newest.c.at
        )
    ):
        rule = rule_for(jurisdiction)
        late[rule.code] += recorded_at - at > must_work_within(rule)
    return +late


def waiting_list(session: Session, now: datetime) -> datetime | None:
    """Since when a list of addresses that must not be written to waits to be brought in, or failed to be."""
    runs = select(JobRun.state, JobRun.due_at).where(JobRun.job == _JOB, JobRun.due_at >= now - LATELY)
    newest = session.execute(runs.where(JobRun.state != "skipped").order_by(JobRun.id.desc()).limit(1)).one_or_none()
    if newest is None or newest.state == "succeeded" or newest.due_at > now - timedelta(hours=1):
        return None
    since: datetime = newest.due_at
    return since
