"""What the people of a campaign see: in each language and arm, as one of them, wide and narrow, light and dark."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import Compiled, locales_of
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import Reader, Wording, as_sample, as_seen, made_of, reader, readers, wordings
from growth.database.workspace import workspace
from growth.errors import GrowthError, InvalidError, NotFoundError
from growth.locales import LANGUAGE_NAMES, N_, closest
from growth.people.accounts import Role
from growth.people.identity import EMAIL, find_person, normalise_email
from growth.people.records import Person
from growth.web.access import ClockDep, SessionDep, allow
from growth.web.message_frames import framed
from growth.web.rendering import locale_of, render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")
LOOKS = (Role.MARKETER, Role.MANAGER)
PersonId = Annotated[Annotated[int, Field(ge=1, le=2**63 - 1)] | None, BeforeValidator(lambda text: text or None)]
"""Nobody is chosen by an empty one."""


class Seen(BaseModel):
    """How the message is to be seen."""

    locale: str | None = None
    width: Literal["desktop", "phone"] = "desktop"
    kind: Literal["html", "text"] = "html"
    scheme: Literal["light", "dark"] = "light"
    arm: str = Field("", max_length=40)
    person: PersonId = None

    def query(self, **changes: Any) -> str:
        """As it stands in an address, with changes."""
        values = self.model_dump(exclude_none=True, include=set(Seen.model_fields)) | changes
        return "&".join(f"{name}={value}" for name, value in values.items() if value not in {None, ""})


@router.get("/{campaign_id}/seen", dependencies=[allow(*LOOKS)])
def seen(
    request: Request, session: SessionDep, clock: ClockDep, campaign_id: int, *, asked: Annotated[Seen, Query()]
) -> Response:
    """The message seen otherwise: a part of the review."""
    campaign = campaign_by_id(session, campaign_id)
    return _seen(request, session, campaign, asked, clock.now())


@router.post("/{campaign_id}/seen", dependencies=[allow(*LOOKS)])
def seen_by(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    asked: Annotated[Seen, Query()],
    email: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """As somebody sees it who is looked for by their exact address, in their own language."""
    campaign = campaign_by_id(session, campaign_id)
    part = "hx-request" in request.headers
    try:
        person = _person(session, email)
    except InvalidError as error:
        if part:
            more = {"errors": {"email": error}, "email": email}
            return _seen(request, session, campaign, asked, clock.now(), status=422, **more)
        return toast(see_other(f"/campaigns/{campaign_id}/review?counted=true"), error.message)
    theirs = asked.model_copy(update={"person": person.id, "locale": closest(person.locale) or asked.locale})
    if part:
        return _seen(request, session, campaign, theirs, clock.now())
    return see_other(f"/campaigns/{campaign_id}/review?counted=true&{theirs.query()}")


def _person(session: Session, email: str) -> Person:
    found = find_person(session, EMAIL, normalise_email(email))
    person = session.get(Person, found) if found is not None else None
    if person is None or person.erased_at is not None:
        raise InvalidError("email", N_("Nobody has this address."))
    return person


def _seen(
    request: Request,
    session: Session,
    campaign: Campaign,
    asked: Seen,
    now: datetime,
    *,
    status: int = 200,
    **more: Any,
) -> Response:
    values = seen_values(request, session, campaign, asked, now) | more
    return render(request, "campaign_seen.html", status=status, campaign=campaign, **values)


def seen_values(request: Request, session: Session, campaign: Campaign, asked: Seen, now: datetime) -> dict[str, Any]:
    """What `campaign_seen.html` shows."""
    locale, wording, arms = _chosen(request, session, campaign, asked)
    made, who, problem = None, None, None
    try:
        if wording is not None and locale is not None:
            made, who = _made(session, wording, locale, asked, now)
    except GrowthError as error:
        problem = error
    people = readers(session, campaign, locale, now) if locale else []
    if who is not None and who.person_id not in {one.person_id for one in people}:
        people = [who, *people]
    return {
        "languages_of": [(one, LANGUAGE_NAMES[one]) for one in _locales(session, campaign)],
        "arms_seen": arms,
        "asked_seen": asked.model_copy(update={"locale": locale, "arm": wording.arm if wording else ""}),
        "shown": locale,
        "made": made,
        "kilobytes": len(made.html.encode()) / 1024 if made else 0,
        "problem": problem,
        "people": people,
        "sender": workspace(session),
        "errors": {},
        "email": "",
    }


def _chosen(
    request: Request, session: Session, campaign: Campaign, asked: Seen
) -> tuple[str | None, Wording | None, list[str]]:
    """The language and the arm to show, of those there are."""
    found = _locales(session, campaign)
    locale = next((one for one in (asked.locale, locale_of(request)) if one in found), next(iter(found), None))
    if locale is None:
        return None, None, []
    said = wordings(session, campaign, locale)
    wording = next((one for one in said if one.arm == asked.arm), said[0])
    return locale, wording, [one.arm for one in said if one.arm]


def _locales(session: Session, campaign: Campaign) -> list[str]:
    try:
        return locales_of(session, campaign.message, campaign.message_version)
    except GrowthError:
        return []


def _made(
    session: Session, wording: Wording, locale: str, asked: Seen, now: datetime
) -> tuple[Compiled, Reader | None]:
    """The message, and as whom it is seen. Raises what putting it together raises."""
    made = made_of(session, wording, locale)
    if asked.person is None:
        return as_sample(session, wording, made), None
    who = reader(session, asked.person)
    return as_seen(session, made, who, now), who


@router.get("/{campaign_id}/preview", dependencies=[allow(*LOOKS)])
def message_preview(
    request: Request, session: SessionDep, clock: ClockDep, campaign_id: int, *, asked: Annotated[Seen, Query()]
) -> Response:
    """The message alone, for a frame, under a policy of its own."""
    campaign = campaign_by_id(session, campaign_id)
    locale, wording, _ = _chosen(request, session, campaign, asked)
    if locale is None or wording is None:
        raise NotFoundError(N_("This message can't be shown."))
    made, _ = _made(session, wording, locale, asked, clock.now())
    return framed(made.html, asked.scheme)
