"""Keeping channel rules: reading those in use, seeing what others would change, and saving them as a new version."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES, keys
from growth.attribution.records import ChannelRules
from growth.attribution.rules import DEFAULT, EVENTS, Rules, rules_of
from growth.database.audit import audit
from growth.errors import ConflictError
from growth.events.records import Event
from growth.locales import N_

LOOKED_AT = 20_000
"""Contacts that a preview sorts anew, the latest ones."""
NOWHERE = "none"
_LOCK = text("lock table channel_rules in share row exclusive mode")


def rules_in_use(session: Session) -> Rules:
    """The rules by which contacts are told from now on."""
    kept = session.scalar(select(ChannelRules).order_by(ChannelRules.version.desc()).limit(1))
    return rules_of(kept.version, kept.rules) if kept else DEFAULT


@dataclass(frozen=True)
class Preview:
    """What other rules would have made of the contacts of the last days."""

    contacts: int
    all_of_them: bool
    changed: int
    """Contacts that would belong elsewhere."""
    lines: Mapping[str, Sequence[tuple[str, int, int]]]
    """Side → (channel, contacts by the rules in use, contacts by the others); `none` is no contact with a channel."""


def preview(session: Session, rules: Rules, days: int, now: datetime) -> Preview:
    """The latest contacts of the last days, told by the rules in use and by others. Nothing is written."""
    columns = (Event.kind, Event.side, Event.properties)
    lately = select(*columns).where(Event.occurred_at > now - timedelta(days=days), Event.kind.in_(EVENTS))
    found = session.execute(lately.order_by(Event.occurred_at.desc()).limit(LOOKED_AT + 1)).all()
    used = rules_in_use(session)
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    changed = 0
    for kind, side, properties in found[:LOOKED_AT]:
        was, would = (_told(one, kind, side, properties) for one in (used, rules))
        before[side, was] += 1
        after[side, would] += 1
        changed += was != would
    lines = {
        side: [
            (channel, before[side, channel], after[side, channel])
            for channel in (*keys(side), NOWHERE)
            if before[side, channel] or after[side, channel]
        ]
        for side in SIDES
    }
    return Preview(min(len(found), LOOKED_AT), len(found) <= LOOKED_AT, changed, lines)


def _told(rules: Rules, kind: str, side: str, properties: Mapping[str, Any]) -> str:
    told = rules.classify(kind, side, properties)
    return told.channel if told else NOWHERE


def save_rules(session: Session, rules: Rules, *, after: int, actor: str, now: datetime) -> int:
    """Keep them as a new version, for contacts from now on; gives its number. `after` is the version that was seen.

    Raises ConflictError when somebody else has saved others meanwhile.
    """
    session.execute(_LOCK)
    version = session.scalars(select(func.coalesce(func.max(ChannelRules.version), DEFAULT.version))).one()
    if version != after:
        raise ConflictError(
            N_("Somebody else has saved other rules meanwhile."), remedy=N_("Look at them, then change them again.")
        )
    session.add(ChannelRules(version=version + 1, rules=rules.as_data, saved_at=now, saved_by=actor))
    session.flush()
    detail = {"rules": rules.as_data}
    audit(session, actor=actor, action="channel rules", subject=str(version + 1), detail=detail, now=now)
    return version + 1


def latest_rules(session: Session) -> ChannelRules | None:
    """Who saved the rules in use, and when; None for those of the product."""
    return session.scalar(select(ChannelRules).order_by(ChannelRules.version.desc()).limit(1))
