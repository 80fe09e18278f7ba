"""Events for tests."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from growth.events.ingest import NewEvent
from growth.ids import event_id


def happening(key: str, at: datetime, **more: Any) -> NewEvent:
    """A page view whose id comes from `key`; `more` overrides its fields."""
    fields: dict[str, Any] = {"kind": "page_view", "source": "collector", "side": "buyer"}
    return NewEvent(occurred_at=at, event_id=event_id("test", key), **(fields | more))


def happenings(count: int, at: datetime, prefix: str = "") -> list[NewEvent]:
    """`count` page views, a second apart, the last one at `at`."""
    return [happening(f"{prefix}{number}", at - timedelta(seconds=count - 1 - number)) for number in range(count)]


VISITOR = UUID("0b5d7c8e-8a52-4f8f-9a3c-2c64a5f3f0aa")
