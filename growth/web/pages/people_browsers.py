"""Browsers taken for a person's: saying that one isn't theirs, and taking that back."""

from uuid import UUID

from fastapi import APIRouter, Response

from growth.attribution.separating import join_again, separate
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.pages.people_person import PersonId
from growth.web.rendering import see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/people/{person_id}/browsers/{visitor}")


@router.post("/separate", dependencies=[allow(Role.MARKETER)])
def not_theirs(session: SessionDep, viewer: ViewerDep, clock: ClockDep, person_id: PersonId, visitor: UUID) -> Response:
    """What was done in it is told apart, and credited anew."""
    separate(session, visitor, person=person_id, actor=viewer.email, now=clock.now())
    undo = f"/people/{person_id}/browsers/{visitor}/join"
    return toast(see_other(f"/people/{person_id}"), N_("This browser no longer counts as theirs."), undo=undo)


@router.post("/join", dependencies=[allow(Role.MARKETER)])
def theirs(session: SessionDep, viewer: ViewerDep, clock: ClockDep, person_id: PersonId, visitor: UUID) -> Response:
    """It is theirs after all."""
    join_again(session, visitor, person=person_id, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/people/{person_id}"), N_("This browser counts as theirs again."))
