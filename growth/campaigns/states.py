"""The states of a campaign, and which of them a person may take it from and to."""

from enum import StrEnum

from growth.errors import ConflictError
from growth.locales import N_


class State(StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
    AWAITS = "awaits"
    """Somebody else has to approve it first."""
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    ASKS = "asks"
    """Found long past its time: it waits for a person to decide."""
    SENT = "sent"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What a person does with a campaign. That it begins, ends or asks, the sending job decides."""

    SCHEDULE = "schedule"
    TAKE_BACK = "take back"
    ASK = "ask for approval of"
    APPROVE = "approve"
    SEND_BACK = "send back"
    SKIP = "leave out a time of"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    DELETE = "delete"
    ARCHIVE = "archive"


class Kind(StrEnum):
    """How often a campaign is sent."""

    ONCE = "once"
    RECURRING = "recurring"
    TRIGGERED = "triggered"


FINAL = frozenset({State.SENT, State.CANCELLED})
NAMES = {
    State.DRAFT: N_("Draft"),
    State.AWAITS: N_("Waits for approval"),
    State.SCHEDULED: N_("Scheduled"),
    State.SENDING: N_("Sending"),
    State.PAUSED: N_("Paused"),
    State.ASKS: N_("Asks what to do"),
    State.SENT: N_("Sent"),
    State.CANCELLED: N_("Cancelled"),
}
_TO = {
    (State.DRAFT, Action.SCHEDULE): State.SCHEDULED,
    (State.SCHEDULED, Action.SCHEDULE): State.SCHEDULED,
    (State.ASKS, Action.SCHEDULE): State.SCHEDULED,
    (State.DRAFT, Action.ASK): State.AWAITS,
    (State.SCHEDULED, Action.ASK): State.AWAITS,
    (State.ASKS, Action.ASK): State.AWAITS,
    (State.PAUSED, Action.ASK): State.AWAITS,
    (State.AWAITS, Action.APPROVE): State.SCHEDULED,
    (State.AWAITS, Action.SEND_BACK): State.DRAFT,
    (State.AWAITS, Action.TAKE_BACK): State.DRAFT,
    (State.SCHEDULED, Action.TAKE_BACK): State.DRAFT,
    (State.ASKS, Action.TAKE_BACK): State.DRAFT,
    (State.ASKS, Action.SKIP): State.SCHEDULED,
    (State.SCHEDULED, Action.SKIP): State.SCHEDULED,
    (State.SCHEDULED, Action.PAUSE): State.PAUSED,
    (State.SENDING, Action.PAUSE): State.PAUSED,
    (State.PAUSED, Action.RESUME): State.SCHEDULED,
    (State.AWAITS, Action.CANCEL): State.CANCELLED,
    (State.SCHEDULED, Action.CANCEL): State.CANCELLED,
    (State.SENDING, Action.CANCEL): State.CANCELLED,
    (State.PAUSED, Action.CANCEL): State.CANCELLED,
    (State.ASKS, Action.CANCEL): State.CANCELLED,
    (State.SENT, Action.ARCHIVE): State.SENT,
    (State.CANCELLED, Action.ARCHIVE): State.CANCELLED,
}
_TO_BEGUN = {
    (State.PAUSED, Action.RESUME): State.SENDING,
    (State.AWAITS, Action.APPROVE): State.SENDING,
    (State.AWAITS, Action.SEND_BACK): State.PAUSED,
    (State.AWAITS, Action.TAKE_BACK): State.PAUSED,
}
"""Where it leads otherwise once sending has begun: then a campaign is no draft again."""
_BEFORE_ONLY = frozenset({Action.SCHEDULE, Action.TAKE_BACK, Action.SKIP, Action.DELETE})


def after(state: State, action: Action, *, begun: bool) -> State:
    """The state that an action leads to; a deleted draft stays one until it is gone.

    `begun` says whether sending has begun: then a paused campaign goes on sending, and is no draft again.
    Raises ConflictError, saying what stands in the way.
    """
    if begun and (state, action) in _TO_BEGUN:
        return _TO_BEGUN[state, action]
    if begun and action in _BEFORE_ONLY:
        raise ConflictError(N_("Sending has begun, so this can't be changed any more."), remedy=_REMEDY)
    if action is Action.DELETE and state is State.DRAFT:
        return State.DRAFT
    found = _TO.get((state, action))
    if found is None:
        raise ConflictError(_WHY[state], remedy=_REMEDY)
    return found


def possible(state: State, *, begun: bool) -> frozenset[Action]:
    """What can be done with a campaign."""
    return frozenset(action for action in Action if _allowed(state, action, begun=begun))


def _allowed(state: State, action: Action, *, begun: bool) -> bool:
    try:
        after(state, action, begun=begun)
    except ConflictError:
        return False
    return True


_WHY = {
    State.DRAFT: N_("This campaign is a draft."),
    State.AWAITS: N_("This campaign waits for approval."),
    State.SCHEDULED: N_("This campaign is scheduled."),
    State.SENDING: N_("This campaign is being sent."),
    State.PAUSED: N_("This campaign is paused."),
    State.ASKS: N_("This campaign missed its time and waits for a decision."),
    State.SENT: N_("This campaign has been sent."),
    State.CANCELLED: N_("This campaign was cancelled."),
}
_REMEDY = N_("Look at it again to see what can be done.")
