"""Pausing what is being sent, since something is wrong that a person has to see to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.database.audit import audit


@dataclass(frozen=True)
class Trouble:
    """What is wrong, marked with `N_`, what to do about it, and the values of both."""

    sentence: str
    remedy: str
    values: Mapping[str, Any] = field(default_factory=dict)


def stop_all(session: Session, trouble: Trouble, now: datetime) -> list[str]:
    """Pause every campaign that is being sent or is due; gives their names. Each is resumed by hand, where it was."""
    due = and_(Campaign.state == State.SCHEDULED, Campaign.scheduled_at <= now)
    because = {"message": trouble.sentence, "remedy": trouble.remedy, "values": dict(trouble.values)}
    paused = update(Campaign).where(or_(Campaign.state == State.SENDING, due)).returning(Campaign.name)
    names = sorted(session.scalars(paused.values(state=State.PAUSED, paused_because=because)).all())
    if names:
        detail = {"because": trouble.sentence % trouble.values, "paused": names[:50]}
        audit(session, actor="growth", action="pause campaigns", subject="all campaigns", detail=detail, now=now)
    return names
