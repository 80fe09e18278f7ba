"""A rep's contacts as events, so that the channel a lead came by gets its touch; taken back, it is told too."""

from datetime import datetime

from sqlalchemy.orm import Session

from growth.events.ingest import NewEvent, ingest
from growth.ids import event_id
from growth.leads.records import Activity, Lead

_SOURCE = "rep"
_NOT_REACHED = {"no_answer", "wrong_number"}


def tell_contact(session: Session, lead: Lead, activity: Activity) -> None:
    """Tell that the lead's person was reached, if they were and we know who it is."""
    if lead.person_id is not None and activity.kind != "note" and activity.outcome not in _NOT_REACHED:
        properties = {"how": activity.kind, "channel": lead.channel}
        ingest(session, [_event(lead, activity, "call", properties, activity.at)], activity.at)


def withdraw_contact(session: Session, lead: Lead, activity: Activity, now: datetime) -> None:
    """Tell that it wasn't so after all; nothing happens where nothing was told."""
    if lead.person_id is not None:
        told = {"event": str(event_id(_SOURCE, f"call {activity.id}"))}
        ingest(session, [_event(lead, activity, "call_withdrawn", told, now)], now)


def _event(lead: Lead, activity: Activity, kind: str, properties: dict[str, str], at: datetime) -> NewEvent:
    return NewEvent(
        occurred_at=at,
        event_id=event_id(_SOURCE, f"{kind} {activity.id}"),
        kind=kind,
        source=_SOURCE,
        side=lead.side,
        person_id=lead.person_id,
        properties=properties,
    )
