"""Attribution models: how a conversion is shared among the touches before it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from growth.attribution.channels import DIRECT
from growth.money import split

LAST_TOUCH = "last_touch:1"
WHOLE = 1_000_000
WINDOWS = {"buyer": timedelta(days=30), "seller": timedelta(days=180)}
"""How long before a conversion a touch may stand and still be credited, by side."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A touch as a model sees it."""

    touch_id: int
    occurred_at: datetime
    channel: str
    kind: str


@dataclass(frozen=True, slots=True)
class Share:
    """A channel's part of one conversion: `share` in millionths, `value_minor` in minor units."""

    touch_id: int | None
    channel: str
    share: int
    value_minor: int


def last_touch(contacts: Sequence[Contact], converted_at: datetime, window: timedelta, value_minor: int) -> list[Share]:
    """All credit to the last click inside the window; a view earns nothing; without any, it is `direct`.

    Of two clicks at the same moment the one recorded later wins, so that the answer never depends on order.
    """
    inside = [
        contact
        for contact in contacts
        if contact.kind == "click" and converted_at - window < contact.occurred_at <= converted_at
    ]
    if not inside:
        return shares([(None, DIRECT, 1)], value_minor)
    last = max(inside, key=lambda contact: (contact.occurred_at, contact.touch_id))
    return shares([(last.touch_id, last.channel, 1)], value_minor)


def shares(weighted: Sequence[tuple[int | None, str, int]], value_minor: int) -> list[Share]:
    """Shares from (touch, channel, integer weight): they sum to 1,000,000 and to the value exactly."""
    weights = [weight for _, _, weight in weighted]
    parts = zip(weighted, split(WHOLE, weights), split(value_minor, weights), strict=True)
    return [Share(touch_id, channel, share, value) for (touch_id, channel, _), share, value in parts]
