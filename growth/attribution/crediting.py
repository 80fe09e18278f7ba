"""From what happened to who gets the credit: events become touches and conversions, and conversions are credited."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES
from growth.attribution.conversions import Changes, keep
from growth.attribution.credits import credit_anew
from growth.attribution.following import followed_by
from growth.attribution.foreign_refunds import weigh_again
from growth.attribution.happenings import NO_CURRENCY, happening_of
from growth.attribution.joining import settle
from growth.attribution.touches import moments_of, reached_by, take_touches, withdraw
from growth.attribution.whose import adopt, find_whose
from growth.database.changed_days import mark_moments
from growth.database.workspace import workspace
from growth.events.reading import EventRead, read_new
from growth.scheduling.run import Step

READER = "attribution"


def credit(session: Session, _now: datetime, _after: object, size: int) -> Step:
    """Credit what the next `size` events changed; one transaction, safe to repeat, and one at a time by its reader."""
    events = read_new(session, READER, size)
    changes = _take_in(session, [event for event in events if event.side in SIDES]) if events else Changes()
    changes.conversions |= weigh_again(session)
    changes.moments |= credit_anew(session, changes.conversions)
    mark_moments(session, changes.moments)
    return Step(done=len(events), next=READER if len(events) == size else None)


def _take_in(session: Session, events: Sequence[EventRead]) -> Changes:
    """Touches, conversions, and what changed by them: conversions credited before only where a touch reaches them."""
    changes = Changes()
    place = workspace(session)
    currency = place.currency if place else NO_CURRENCY
    whose = find_whose(session, events)
    adopted = adopt(session, whose)
    settle(session, adopted.conversions, changes)
    touches = take_touches(session, events, whose)
    touches += withdraw(session, events)
    changes.moments |= moments_of(session, [*touches, *adopted.touches])
    told = (happening_of(event, whose, currency) for event in events)
    keep(session, [one for one in told if one is not None], changes)
    changes.moments |= followed_by(session, changes.conversions)
    changes.conversions |= reached_by(session, [*touches, *adopted.touches])
    return changes
