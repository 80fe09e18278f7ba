"""The audience of a campaign, the first step: who is in it, which topic it belongs to, and who is held out."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from growth.campaigns.audience import Review, review
from growth.campaigns.audiences import reading as saved_audiences
from growth.campaigns.audiences.conditions import EVERYBODY
from growth.campaigns.differences import ChangedError
from growth.campaigns.fields import LARGEST_HOLDOUT, checked
from growth.campaigns.planning import save
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.errors import InvalidError, NotFoundError
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.permission.lists import all_lists, in_words
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.audience_editor import editor
from growth.web.audience_form import FormDep, asks_for_change, conditions_from
from growth.web.pages.campaign_draft import AudienceId, wrong
from growth.web.rendering import locale_of, render, see_other

router = APIRouter(prefix="/campaigns")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1


def _changes(session: Session, viewer: Viewer, form: FormData) -> dict[str, Any]:
    """The campaign's fields, as they were filled in. Raises InvalidError."""
    percent, topic, saved = (str(form.get(name, "")).strip() for name in ("holdout_percent", "topic", "saved"))
    wanted: dict[str, Any] = {
        "holdout_percent": _whole(percent.removesuffix("%").strip() or "0"),
        "list_id": _whole(topic) if topic else None,
        "audience_version_id": None,
    }
    if not saved:
        tree = conditions_from(form, zone=viewer.time_zone, locale=viewer.locale)
        return checked(wanted | {"audience": tree})
    try:
        audience = saved_audiences.audience_by_id(session, _whole(saved))
    except NotFoundError:
        raise InvalidError("saved", N_("There is no such audience.")) from None
    version = saved_audiences.version_of(session, audience.id, audience.version)
    return checked(wanted | {"audience": version.conditions, "audience_version_id": version.id})


@router.get("/{campaign_id}/audience", dependencies=[allow(Role.MARKETER)])
def audience_step(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    counted: bool = False,
    saved: AudienceId = None,
) -> Response:
    """The first step: to whom; how many that are comes after the page, unless `counted` is asked."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    kept = campaign.audience_version_id
    chosen = saved or (saved_audiences.audience_of_version(session, kept) if kept is not None else None)
    who = review(session, campaign, clock.now()) if counted else None
    asked = {"saved": str(chosen or ""), "topic": str(campaign.list_id or ""), "holdout": campaign.holdout_percent}
    return _audience_page(request, session, viewer, campaign, tree=campaign.audience, asked=asked, who=who)


@router.post("/{campaign_id}/audience", dependencies=[allow(Role.MARKETER)])
def choose_audience(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int, *, form: FormDep
) -> Response:
    """Save it and go on to the message, or with `then=audience` count it; or change the shape of its conditions."""
    campaign = campaign_by_id(session, campaign_id)
    tree = conditions_from(form, zone=viewer.time_zone, locale=viewer.locale)
    if asks_for_change(form):
        return _audience_page(request, session, viewer, campaign, tree=tree, asked=_typed(form))
    try:
        version = _whole(str(form.get("version", "")))
        save(session, campaign_id, _changes(session, viewer, form), version=version, now=clock.now())
    except (InvalidError, ChangedError) as error:
        found = wrong(request, session, viewer, error)
        return _audience_page(request, session, viewer, campaign, tree=tree, asked=_typed(form), error=error, **found)
    on = "audience?counted=true" if form.get("then") == "audience" else "message"
    return see_other(f"/campaigns/{campaign_id}/{on}")


def _typed(form: FormData) -> dict[str, Any]:
    return {
        "saved": str(form.get("saved", "")),
        "topic": str(form.get("topic", "")),
        "holdout": str(form.get("holdout_percent", "")),
    }


def _audience_page(
    request: Request,
    session: Session,
    viewer: Viewer,
    campaign: Campaign,
    *,
    tree: dict[str, Any],
    asked: dict[str, Any],
    status: int = 200,
    error: Exception | None = None,
    **more: Any,
) -> Response:
    values = {"errors": {}, "conflict": None, "who": None} | more
    locale = locale_of(request)
    ours = error if isinstance(error, InvalidError) and error.field not in _OWN else None
    return render(
        request,
        "campaign_audience.html",
        status=status,
        campaign=campaign,
        asked=asked,
        editor=editor(request, session, tree or EVERYBODY, viewer.time_zone, error=ours),
        saved=[(str(key), name) for key, name in saved_audiences.offer(session, locale).audiences.items()],
        topics=[(str(one.id), in_words(one.names, locale)) for one in all_lists(session, side=campaign.side)],
        most=LARGEST_HOLDOUT,
        **values,
    )


_OWN = {"saved", "list_id", "holdout_percent"}
"""Fields of this page that aren't the editor's."""


@router.post("/{campaign_id}/count", dependencies=[allow(Role.MARKETER)])
def count(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int, *, form: FormDep
) -> Response:
    """How many an audience has that isn't saved yet: a part of the first step's page."""
    campaign = campaign_by_id(session, campaign_id)
    try:
        who = _preview(session, campaign, _changes(session, viewer, form), clock.now())
    except InvalidError as error:
        return render(request, "campaign_count.html", campaign=campaign, who=None, error=error)
    return render(request, "campaign_count.html", campaign=campaign, who=who, error=None)


def _preview(session: Session, campaign: Campaign, changes: dict[str, Any], now: datetime) -> Review:
    """The review of a draft with other values, none of which is stored."""
    same = {name: getattr(campaign, name) for name in ("id", "purpose", "message", "message_version", "timing")}
    return review(session, Campaign(**same, **changes), now)
