"""One person: who they are, what they allow and have said, what happened, and recording what they say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.attribution.separating import visitors_of
from growth.campaigns.reading import states_of
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.errors import InvalidError
from growth.events.records import Event
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.consent import MARKETING, PURPOSES, record_by_hand
from growth.people.importing.cells import moment_of, short
from growth.people.permission.lists import in_words, lists_of
from growth.people.permission.preferences import standing
from growth.people.reading import profile
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.pages.people import READERS
from growth.web.people_words import (
    BASES,
    DELIVERIES,
    EVENTS,
    FREQUENCIES,
    JOINS,
    SUPPRESSIONS,
    country_name,
    language_name,
)
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/people")
NEWEST = 100
PersonId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class Asked(BaseModel):
    """The form's fields, as they were typed."""

    said: str = ""
    purpose: str = MARKETING
    basis: str = "consent"
    source: str = ""
    wording: str = ""
    at: str = ""


@dataclass(frozen=True)
class Sent:
    """A message to the person."""

    campaign_id: int
    campaign: str
    delivery_id: int
    seen: bool
    """Whether it left, so that it can be seen as it was received."""
    state: str
    at: datetime | None


@router.get("/{person_id}", dependencies=[allow(*READERS)])
def person(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, person_id: PersonId) -> Response:
    """The page."""
    return _page(request, session, viewer, person_id, Asked(), now=clock.now())


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    person_id: int,
    asked: Asked,
    *,
    now: datetime,
    status: int = 200,
    **more: Any,
) -> Response:
    shown = profile(session, person_id)
    return render(
        request,
        "people_person.html",
        status=status,
        shown=shown,
        asked=asked,
        events=_events(session, person_id),
        sent=_sent(session, person_id),
        visitors=visitors_of(session, person_id),
        rests_on=JOINS,
        lists=lists_of(session, person_id),
        in_words=in_words,
        wish=None if shown.person.erased_at else standing(session, person_id, locale=viewer.locale, now=now),
        frequencies=FREQUENCIES,
        bases=BASES,
        purposes=PURPOSES,
        suppressions=SUPPRESSIONS,
        event_words=EVENTS,
        delivery_words=DELIVERIES,
        country=country_name(shown.person.country, viewer.locale),
        language=language_name(shown.person.locale, viewer.locale),
        may=viewer.has(Role.MARKETER),
        **({"errors": {}} | more),
    )


def _events(session: Session, person_id: int) -> list[Event]:
    found = select(Event).where(Event.person_id == person_id)
    return list(session.scalars(found.order_by(Event.occurred_at.desc()).limit(NEWEST)))


def _sent(session: Session, person_id: int) -> list[Sent]:
    found = (
        select(Campaign.id, Campaign.name, Delivery)
        .join(CampaignRun, CampaignRun.id == Delivery.campaign_run_id)
        .join(Campaign, Campaign.id == CampaignRun.campaign_id)
        .where(Delivery.person_id == person_id)
        .order_by(Delivery.id.desc())
        .limit(NEWEST)
    )
    rows = session.execute(found).all()
    states = states_of(session, [one for _, _, one in rows])
    return [
        Sent(
            campaign_id=campaign,
            campaign=name,
            delivery_id=one.id,
            seen=one.accepted_at is not None,
            state=states[one.id],
            at=one.delivered_at or one.accepted_at or one.claimed_at,
        )
        for campaign, name, one in rows
    ]


@router.post("/{person_id}/consent", dependencies=[allow(Role.MARKETER)])
def record(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    person_id: PersonId,
    *,
    asked: Annotated[Asked, Form()],
) -> Response:
    """Keep what the person said."""
    try:
        new = _recorded(session, viewer, person_id, asked, clock.now())
    except InvalidError as error:
        return _page(
            request, session, viewer, person_id, asked, now=clock.now(), status=422, errors={error.field: error}
        )
    words = N_("Recorded.") if new else N_("This was on record already.")
    return toast(see_other(f"/people/{person_id}"), words)


def _recorded(session: Session, viewer: Viewer, person_id: int, asked: Asked, now: datetime) -> bool:
    if asked.said not in {"yes", "no"}:
        raise InvalidError("said", N_("Choose what they said."))
    return record_by_hand(
        session,
        person_id,
        granted=asked.said == "yes",
        basis=asked.basis,
        source=short("source", asked.source, 500),
        wording=short("wording", asked.wording, 5_000),
        at=moment_of(asked.at[:100], viewer.time_zone),
        actor=viewer.email,
        now=now,
        purpose=asked.purpose,
    )
