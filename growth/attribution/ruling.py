"""Keeping channel rules: reading those in use, and saving others as a new version, for the past too where wanted."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from growth.attribution.records import ChannelRules
from growth.attribution.rules import DEFAULT, Rules, rules_of
from growth.database.audit import audit
from growth.errors import ConflictError
from growth.locales import N_

_LOCK = text("lock table channel_rules in share row exclusive mode")


def rules_in_use(session: Session) -> Rules:
    """The rules by which contacts are told from now on."""
    kept = latest_rules(session)
    return rules_of(kept.version, kept.rules) if kept else DEFAULT


def latest_rules(session: Session) -> ChannelRules | None:
    """Who saved the rules in use, and when; None for those of the product."""
    return session.scalar(select(ChannelRules).order_by(ChannelRules.version.desc()).limit(1))


def save_rules(
    session: Session, rules: Rules, *, after: int, since: datetime | None = None, actor: str, now: datetime
) -> int:
    """Keep them as a new version, for contacts from now on and, where `since` is given, for those since then too.

    Gives its number. `after` is the version that was seen. Where the contacts of earlier days are still being told by
    that one, those days are this one's too, so that no day is told half by one and half by the other. Raises
    ConflictError when somebody else has saved others meanwhile.
    """
    session.execute(_LOCK)
    version = session.scalars(select(func.coalesce(func.max(ChannelRules.version), DEFAULT.version))).one()
    if version != after:
        raise ConflictError(
            N_("Somebody else has saved other rules meanwhile."), remedy=N_("Look at them, then change them again.")
        )
    before = latest_rules(session)
    if before is not None and before.retold_at is not None:
        since = min(since or now, before.since or now)
        before.retold_at = None
    session.add(
        ChannelRules(
            version=version + 1, rules=rules.as_data, saved_at=now, saved_by=actor, since=since, retold_at=since
        )
    )
    session.flush()
    detail = {"rules": rules.as_data, "since": since.isoformat() if since else None}
    audit(session, actor=actor, action="channel rules", subject=str(version + 1), detail=detail, now=now)
    return version + 1
