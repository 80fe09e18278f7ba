"""The audience of a campaign, the third step: conditions beside a live count."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from growth.campaigns.audience import Review, review
from growth.campaigns.fields import LARGEST_HOLDOUT, checked, country_names, day_start_in
from growth.campaigns.planning import ChangedError, save
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.errors import InvalidError
from growth.locales import LANGUAGE_NAMES
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.pages.campaign_draft import wrong
from growth.web.rendering import locale_of, render, see_other

router = APIRouter(prefix="/campaigns")


class Asked(BaseModel):
    """The audience as it was typed."""

    locales: list[str] = []
    countries: str = ""
    joined_after: str = ""
    holdout_percent: str = "0"

    def changes(self, zone: str, locale: str) -> dict[str, Any]:
        """The campaign's fields. Raises InvalidError."""
        audience = {
            "locales": self.locales,
            "countries": countries_in(self.countries, locale),
            "joined_after": day_start_in(self.joined_after, zone) if self.joined_after.strip() else None,
        }
        percent = self.holdout_percent.strip().removesuffix("%").strip() or "0"
        holdout = int(percent) if percent.isascii() and percent.isdecimal() and len(percent) < 4 else -1
        return checked({"audience": audience, "holdout_percent": holdout})


def countries_in(text: str, locale: str) -> list[str]:
    """Codes of what was typed: codes or names, in English or the reader's language, between commas."""
    codes = {name.casefold(): code for language in ("en", locale) for code, name in country_names(language).items()}
    parts = [part.strip() for part in text.replace(";", ",").replace("，", ",").replace("、", ",").split(",")]
    return [codes.get(part.casefold(), part) for part in parts if part]


@router.get("/{campaign_id}/audience", dependencies=[allow(Role.MARKETER)])
def audience_step(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    counted: bool = False,
) -> Response:
    """The third step: to whom; how many that are comes after the page, unless `counted` is asked."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    joined = campaign.audience["joined_after"]
    asked = Asked(
        locales=campaign.audience["locales"],
        countries=", ".join(campaign.audience["countries"]),
        joined_after=_local(joined, viewer).date().isoformat() if joined else "",
        holdout_percent=str(campaign.holdout_percent),
    )
    who = review(session, campaign, clock.now()) if counted else None
    return _audience_page(request, campaign, asked, who=who)


def _local(iso: str, viewer: Viewer) -> datetime:
    return datetime.fromisoformat(iso).astimezone(ZoneInfo(viewer.time_zone))


@router.post("/{campaign_id}/audience", dependencies=[allow(Role.MARKETER)])
def choose_audience(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    campaign_id: int,
    asked: Annotated[Asked, Form()],
    *,
    version: Annotated[int, Form()] = 0,
    then: Annotated[str, Form()] = "review",
) -> Response:
    """Save it; on to the review, or with `then=audience` count it."""
    try:
        save(session, campaign_id, asked.changes(viewer.time_zone, viewer.locale), version=version)
    except (InvalidError, ChangedError) as error:
        campaign = campaign_by_id(session, campaign_id)
        return _audience_page(request, campaign, asked, **wrong(request, viewer, error))
    return see_other(f"/campaigns/{campaign_id}/{'audience?counted=true' if then == 'audience' else 'review'}")


def _audience_page(request: Request, campaign: Campaign, asked: Asked, *, status: int = 200, **more: Any) -> Response:
    values = {"errors": {}, "conflict": None, "who": None} | more
    return render(
        request,
        "campaign_audience.html",
        status=status,
        campaign=campaign,
        asked=asked,
        names=LANGUAGE_NAMES,
        countries=sorted(country_names(locale_of(request)).items(), key=lambda one: one[1]),
        most=LARGEST_HOLDOUT,
        **values,
    )


@router.get("/{campaign_id}/count", dependencies=[allow(Role.MARKETER)])
def count(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    asked: Annotated[Asked, Query()],
) -> Response:
    """How many an audience has that isn't saved yet: a part of the third step's page."""
    campaign = campaign_by_id(session, campaign_id)
    try:
        changes = asked.changes(viewer.time_zone, viewer.locale)
    except InvalidError as error:
        return render(request, "campaign_count.html", campaign=campaign, who=None, error=error)
    return render(
        request,
        "campaign_count.html",
        campaign=campaign,
        who=_preview(session, campaign, changes, clock.now()),
        error=None,
    )


def _preview(session: Session, campaign: Campaign, changes: dict[str, Any], now: datetime) -> Review:
    """The review of a draft with other values, none of which is stored."""
    other = Campaign(id=campaign.id, purpose=campaign.purpose, message=campaign.message, **changes)
    return review(session, other, now)
