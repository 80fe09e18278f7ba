"""The experiment of a campaign, the third step: what is compared, by which rule, and whether people are enough."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.audience import review
from growth.campaigns.differences import ChangedError
from growth.campaigns.email.catalogue import locales_of, message_names
from growth.campaigns.experimenting import experiment_of
from growth.campaigns.experiments.alike import alike, languages
from growth.campaigns.experiments.declaring import save_experiment
from growth.campaigns.experiments.fields import LONGEST_HORIZON, NAMES, OUTCOMES, checked_experiment
from growth.campaigns.experiments.sizing import expected, foresee
from growth.campaigns.experiments.subjects import subjects
from growth.campaigns.experiments.winners import choose
from growth.campaigns.reading import campaign_by_id
from growth.campaigns.records import Campaign
from growth.campaigns.states import State
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.campaign_words import message_title
from growth.web.experiment_form import Asked, asked_of
from growth.web.experiment_views import hour_text
from growth.web.pages.campaign_draft import wrong
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/campaigns")


@router.get("/{campaign_id}/experiment", dependencies=[allow(Role.MARKETER)])
def experiment_step(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    compare: bool = False,
    counted: bool = False,
) -> Response:
    """The third step; `compare` shows the form of one that isn't there yet, `counted` waits for the audience."""
    campaign = campaign_by_id(session, campaign_id)
    if campaign.state != State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}")
    setup = experiment_of(session, campaign_id)
    asked = asked_of(setup.declaration if setup else None, expected(session, campaign.side, "click"))
    if compare and not asked.names:
        asked = asked.with_one_more()
    size = _size(session, campaign, asked, clock.now()) if counted else {}
    return _page(request, session, campaign, asked, **size)


@router.post("/{campaign_id}/experiment", dependencies=[allow(Role.MARKETER)])
def declare(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    asked: Annotated[Asked, Form()],
    version: Annotated[int, Form()] = 0,
    then: Annotated[str, Form()] = "review",
) -> Response:
    """Save it and go on to the review; `then` may add or remove a version first, or ask for the size."""
    campaign = campaign_by_id(session, campaign_id)
    if then == "add" or then in {f"remove-{name}" for name in NAMES}:
        changed = asked.with_one_more() if then == "add" else asked.without(then.removeprefix("remove-"))
        return _page(request, session, campaign, changed)
    try:
        declared = checked_experiment(session, campaign, asked.wanted()) if asked.names else None
        save_experiment(session, campaign_id, declared, version=version, now=clock.now())
    except (InvalidError, ChangedError) as error:
        campaign = campaign_by_id(session, campaign_id)
        return _page(request, session, campaign, asked, **wrong(request, session, viewer, error))
    if then == "size":
        return see_other(f"/campaigns/{campaign_id}/experiment?counted=true")
    return see_other(f"/campaigns/{campaign_id}/review")


@router.get("/{campaign_id}/experiment/size", dependencies=[allow(Role.MARKETER)])
def size(
    request: Request, session: SessionDep, clock: ClockDep, campaign_id: int, *, asked: Annotated[Asked, Query()]
) -> Response:
    """Whether there are enough people for an experiment that isn't saved yet: a part of the third step's page."""
    campaign = campaign_by_id(session, campaign_id)
    return render(request, "experiment_size.html", **_size(session, campaign, asked, clock.now()))


@router.post("/{campaign_id}/experiment/choose", dependencies=[allow(Role.MARKETER)])
def choose_winner(
    session: SessionDep, viewer: ViewerDep, clock: ClockDep, campaign_id: int, *, arm: Annotated[str, Form()] = ""
) -> Response:
    """Stop comparing: the rest gets this version."""
    setup = choose(session, campaign_id, arm or None, actor=viewer.email, now=clock.now())
    serving = setup.serving.name if setup.serving else ""
    return toast(
        see_other(f"/campaigns/{campaign_id}"), N_("From now on everybody gets version %(name)s."), name=serving
    )


def _size(session: Session, campaign: Campaign, asked: Asked, now: datetime) -> dict[str, Any]:
    """What the size fragment shows; nothing while the form isn't right."""
    known = expected(session, campaign.side, asked.outcome if asked.outcome in OUTCOMES else "click")
    try:
        declared = checked_experiment(session, campaign, asked.wanted())
    except InvalidError as error:
        return {"foreseen": None, "known": known, "not_yet": error}
    who = review(session, campaign, now)
    same = languages(alike(declared.arms, who.by_locale))
    return {"foreseen": foresee(declared, who.reached), "declared": declared, "who": who, "known": known, "same": same}


def _page(
    request: Request, session: Session, campaign: Campaign, asked: Asked, *, status: int = 200, **more: Any
) -> Response:
    values: dict[str, Any] = {"errors": {}, "conflict": None, "foreseen": None, "known": None, "not_yet": None}
    values |= {"who": None, "same": ""} | more
    served = locales_of(session, campaign.message, campaign.message_version)
    return render(
        request,
        "campaign_experiment.html",
        status=status,
        campaign=campaign,
        asked=asked,
        served=served,
        subjects=subjects(session, campaign, served) if asked.names else {},
        messages=[(name, message_title(name)) for name in message_names(session) if name != campaign.message],
        outcomes=[(key, said(request, words)) for key, words in OUTCOMES.items()],
        hours=[(str(hour), hour_text(hour, locale_of(request))) for hour in range(24)],
        most_days=LONGEST_HORIZON,
        more_versions=len(asked.names) < len(NAMES),
        **values,
    )
