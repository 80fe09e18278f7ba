"""The states of a campaign, and which of them a person may take it from and to."""

from enum import StrEnum

from growth.errors import ConflictError
from growth.locales import N_


class State(StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
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
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    DELETE = "delete"


FINAL = frozenset({State.SENT, State.CANCELLED})
NAMES = {
    State.DRAFT: N_("Draft"),
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
    (State.SCHEDULED, Action.TAKE_BACK): State.DRAFT,
    (State.ASKS, Action.TAKE_BACK): State.DRAFT,
    (State.SCHEDULED, Action.PAUSE): State.PAUSED,
    (State.SENDING, Action.PAUSE): State.PAUSED,
    (State.PAUSED, Action.RESUME): State.SCHEDULED,
    (State.SCHEDULED, Action.CANCEL): State.CANCELLED,
    (State.SENDING, Action.CANCEL): State.CANCELLED,
    (State.PAUSED, Action.CANCEL): State.CANCELLED,
    (State.ASKS, Action.CANCEL): State.CANCELLED,
}


def after(state: State, action: Action, *, begun: bool) -> State:
    """The state that an action leads to; a deleted draft stays one until it is gone.

    `begun` says whether sending has begun: then a paused campaign goes on sending, and is no draft again.
    Raises ConflictError, saying what stands in the way.
    """
    if action is Action.DELETE and state is State.DRAFT and not begun:
        return State.DRAFT
    if action is Action.RESUME and state is State.PAUSED and begun:
        return State.SENDING
    if begun and action in {Action.SCHEDULE, Action.TAKE_BACK}:
        raise ConflictError(N_("Sending has begun, so this can't be changed any more."), remedy=_REMEDY)
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
    State.SCHEDULED: N_("This campaign is scheduled."),
    State.SENDING: N_("This campaign is being sent."),
    State.PAUSED: N_("This campaign is paused."),
    State.ASKS: N_("This campaign missed its time and waits for a decision."),
    State.SENT: N_("This campaign has been sent."),
    State.CANCELLED: N_("This campaign was cancelled."),
}
_REMEDY = N_("Look at it again to see what can be done.")
