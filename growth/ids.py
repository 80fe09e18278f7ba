"""Typed ids: `bigint` inside the house, never shown outside without a signature."""

from typing import NewType
from uuid import UUID, uuid5

PersonId = NewType("PersonId", int)
OrganisationId = NewType("OrganisationId", int)
AccountId = NewType("AccountId", int)
LeadId = NewType("LeadId", int)
CampaignId = NewType("CampaignId", int)
CampaignRunId = NewType("CampaignRunId", int)
DeliveryId = NewType("DeliveryId", int)
JobRunId = NewType("JobRunId", int)
ModelId = NewType("ModelId", int)
EventId = NewType("EventId", UUID)

_EVENTS = UUID("6f6b2a4e-5d0c-4a57-9c0e-19800a11e0aa")


def event_id(source: str, source_key: str) -> EventId:
    """The id of an event: the same source and key always give the same id, so that a replay is recognised."""
    return EventId(uuid5(_EVENTS, f"{source}\n{source_key}"))
