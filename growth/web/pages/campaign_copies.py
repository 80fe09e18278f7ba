"""A test of a campaign to colleagues: who, in which languages, and as whose message."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.letters.trying import MOST_PER_HOUR, colleagues, post_tests
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import reader, readers
from growth.clock import Clock
from growth.errors import GrowthError, InvalidError, NotFoundError, TransientError
from growth.locales import LANGUAGE_NAMES, N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.pages.campaign_preview import PersonId
from growth.web.rendering import locale_of, render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")
_SPLIT = str.maketrans({";": ",", "，": ",", "、": ",", "\n": ",", " ": ","})


class Asked(BaseModel):
    """The form as it was filled in."""

    to: list[str] = Field([], max_length=200)
    others: str = Field("", max_length=2_000)
    locales: list[str] = Field([], max_length=20)
    person: PersonId = None

    @property
    def addresses(self) -> list[str]:
        """Those chosen and those typed."""
        return [*self.to, *(one for one in self.others.translate(_SPLIT).split(",") if one)]


@router.get("/{campaign_id}/test", dependencies=[allow(Role.MARKETER)])
def choose_colleagues(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    person: Annotated[PersonId, Query()] = None,
) -> Response:
    """To whom a test goes; to oneself unless something else is chosen."""
    campaign = campaign_by_id(session, campaign_id)
    served = _served(session, campaign)
    own = locale_of(request)
    asked = Asked(to=[viewer.email], locales=[own] if own in served else served[:1], person=person)
    return _page(request, session, campaign, asked, clock)


@router.post("/{campaign_id}/test", dependencies=[allow(Role.MARKETER)])
def send_copies(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    asked: Annotated[Asked, Form()],
) -> Response:
    """Post the letters; they go out within seconds."""
    campaign, now = campaign_by_id(session, campaign_id), clock.now()
    try:
        with session.begin_nested():
            number = post_tests(
                session,
                campaign,
                to=asked.addresses,
                locales=asked.locales,
                person=asked.person,
                actor=viewer.email,
                now=now,
            )
    except (InvalidError, NotFoundError, TransientError) as error:
        field = error.field if isinstance(error, InvalidError) else "person"
        known = {"to": "others", "message": "person"}
        return _page(request, session, campaign, asked, clock, status=422, errors={known.get(field, field): error})
    return toast(see_other(f"/campaigns/{campaign_id}"), N_("Test letters on their way: %(number)s."), number=number)


def _served(session: Session, campaign: Campaign) -> list[str]:
    try:
        return locales_of(session, campaign.message, campaign.message_version)
    except GrowthError:
        return []


def _page(
    request: Request,
    session: Session,
    campaign: Campaign,
    asked: Asked,
    clock: Clock,
    *,
    status: int = 200,
    **more: Any,
) -> Response:
    served = _served(session, campaign)
    people = [one for locale in served for one in readers(session, campaign, locale, clock.now())]
    if asked.person is not None and asked.person not in {one.person_id for one in people} and "errors" not in more:
        people = [reader(session, asked.person), *people]
    return render(
        request,
        "campaign_test.html",
        status=status,
        campaign=campaign,
        asked=asked,
        team=colleagues(session),
        served=[(locale, LANGUAGE_NAMES[locale]) for locale in served],
        people=people,
        most=MOST_PER_HOUR,
        **({"errors": {}} | more),
    )
