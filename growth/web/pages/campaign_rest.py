"""Editing the rest: the message of those who haven't been sent it yet, while a campaign is paused in the middle."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.changing import LONGEST_SUBJECT, Rest, can_edit_rest, edit_rest
from growth.campaigns.readiness import served
from growth.campaigns.reading import campaign_by_id, whole
from growth.campaigns.records import Campaign
from growth.errors import ConflictError, InvalidError
from growth.locales import LANGUAGE_NAMES, LOCALES, N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.campaign_words import message_key, message_of, message_options
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")
Subject = Annotated[str, Form()]


@router.get("/{campaign_id}/rest", dependencies=[allow(Role.MARKETER)])
def rest_page(request: Request, session: SessionDep, campaign_id: int) -> Response:
    """What those get who haven't been sent it yet."""
    campaign = campaign_by_id(session, campaign_id)
    if not can_edit_rest(session, campaign):
        return see_other(f"/campaigns/{campaign_id}")
    key = message_key(campaign.message, campaign.message_version)
    return _page(request, session, campaign, key, campaign.changes.get("subjects", {}))


@router.post("/{campaign_id}/rest", dependencies=[allow(Role.MARKETER)])
def change_rest(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    message: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
    subject_en: Subject = "",
    subject_ru: Subject = "",
    subject_pt_BR: Subject = "",  # noqa: N803 - the locale's own spelling
    subject_zh_CN: Subject = "",  # noqa: N803 - likewise
) -> Response:
    """Save it; the campaign stays paused."""
    subjects = dict(zip(LOCALES, (subject_en, subject_ru, subject_pt_BR, subject_zh_CN), strict=True))
    rest = Rest(*message_of(message), subjects)
    try:
        edit_rest(session, campaign_id, rest, version=version, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        campaign = campaign_by_id(session, campaign_id)
        found = {error.field: error}
        return _page(request, session, campaign, message, subjects, errors=found, status=422)
    except ConflictError:
        campaign = campaign_by_id(session, campaign_id)
        if campaign.version == version or not can_edit_rest(session, campaign):
            raise
        return _page(request, session, campaign, message, subjects, stale=True, status=409)
    told = N_("Saved. Whoever hasn't been sent it yet gets it like this once you resume.")
    return toast(see_other(f"/campaigns/{campaign_id}"), told)


def _page(
    request: Request,
    session: Session,
    campaign: Campaign,
    chosen: str,
    subjects: dict[str, str],
    *,
    status: int = 200,
    errors: dict[str, Any] | None = None,
    stale: bool = False,
) -> Response:
    return render(
        request,
        "campaign_rest.html",
        status=status,
        campaign=campaign,
        counts=whole(session, campaign.id).counts,
        messages=message_options(session, request, campaign.message, campaign.message_version),
        chosen=chosen,
        subjects=subjects,
        locales=[(key, LANGUAGE_NAMES[key]) for key in LOCALES if key in served(session, campaign)],
        most=LONGEST_SUBJECT,
        errors=errors or {},
        stale=stale,
    )
