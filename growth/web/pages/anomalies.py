"""Anomalies: seen and explained by whoever looks after the channels."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response

from growth.errors import InvalidError
from growth.locales import N_
from growth.measurement.anomalies.watching import move_on
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.rendering import see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/anomalies")


@router.post("/{anomaly_id}", dependencies=[allow(Role.MANAGER, Role.MARKETER)])
def move(
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    anomaly_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    state: Annotated[str, Form()] = "",
    explanation: Annotated[str, Form()] = "",
) -> Response:
    """Mark it as seen, or say what it was. What was typed is short, so the way back is the browser's."""
    words = explanation[:2_000]
    if not words.isprintable():
        raise InvalidError("explanation", N_("Write it in one line of letters that can be read."))
    moved = move_on(session, anomaly_id, state, words, actor=viewer.email, now=clock.now())
    done = N_("Explained, and off the list.") if state == "explained" else N_("Marked as seen.")
    return toast(see_other(f"/channels?side={moved.side}#attention"), done)
