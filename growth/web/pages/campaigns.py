"""Campaigns: what goes out and how it does, as a list and one by one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.approving import may_approve
from growth.campaigns.audiences.reading import audience_of_version
from growth.campaigns.changing import can_edit_rest
from growth.campaigns.planning import begun
from growth.campaigns.reading import (
    PAGE,
    TROUBLE,
    WAITING,
    Whole,
    campaign_by_id,
    campaigns,
    left_out_people,
    receivers,
    run_of,
    times_sent,
    whole,
)
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.sending.rules import rules
from growth.campaigns.states import NAMES, Action, State, possible
from growth.errors import NotFoundError
from growth.events.refused import refused_lately
from growth.locales import N_
from growth.people.accounts import Role
from growth.people.permission.lists import in_words, list_by_id
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.audience_words import conditions_text
from growth.web.campaign_when import when_words
from growth.web.campaign_words import DELIVERY_STATES, MORE, REASONS, TONES, WHY, message_title
from growth.web.charts import meter
from growth.web.experiment_views import experiment_values
from growth.web.formats import number_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other

router = APIRouter(prefix="/campaigns")
LOOKS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(
    group=N_("Buyers"), label=N_("Campaigns"), href="/campaigns", icon="mail", order=10, roles=LOOKS, key="m"
)
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
_SOON = timedelta(minutes=2)
_TIMES_SHOWN = 6


@router.get("", dependencies=[allow(*LOOKS)])
def list_campaigns(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    *,
    state: State | None = None,
    archived: bool = False,
    before: After = None,
) -> Response:
    """The newest first, in one state when given; those archived only when asked for."""
    found = campaigns(session, state=state, before=before, archived=archived, size=PAGE + 1)
    older = found[PAGE - 1].campaign.id if len(found) > PAGE else None
    return render(
        request,
        "campaigns.html",
        listed=found[:PAGE],
        state=state,
        archived=archived,
        states=NAMES,
        tones=TONES,
        older=older,
        first=before is None,
        may=viewer.has(Role.MARKETER),
        title=message_title,
        when={one.campaign.id: when_words(request, one.campaign, viewer.time_zone) for one in found},
    )


@router.get("/{campaign_id}", dependencies=[allow(*LOOKS)])
def campaign_page(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    campaign_id: int,
    *,
    state: str | None = None,
    after: After = None,
    run: After = None,
) -> Response:
    """How it does, and who got it: a page of messages, of one state when given. A draft is reviewed instead."""
    if campaign_by_id(session, campaign_id).state == State.DRAFT:
        return see_other(f"/campaigns/{campaign_id}/review")
    chosen = state if state in (*WAITING, *TROUBLE) else None
    return campaign_shown(request, session, viewer, clock.now(), campaign_id, chosen=chosen, after=after, run_id=run)


def campaign_shown(
    request: Request,
    session: Session,
    viewer: Viewer,
    now: datetime,
    campaign_id: int,
    *,
    chosen: str | None = None,
    after: int | None = None,
    run_id: int | None = None,
    status: int = 200,
    **typed: Any,
) -> Response:
    """The page of a campaign that is no draft; `typed` are values and errors of its small forms."""
    found = whole(session, campaign_id)
    campaign, run = found.campaign, run_of(session, campaign_id, run_id)
    values: dict[str, Any] = {"errors": {}, "per_hour": campaign.per_hour or "", "note": ""} | typed
    return render(
        request,
        "campaign.html",
        status=status,
        **_shown(request, found, now),
        **_may(session, viewer, found),
        **_people(session, run, chosen, after),
        **_times(session, found),
        **_about(request, session, viewer, campaign),
        **experiment_values(request, session, campaign),
        halted=rules(session).halted_because if rules(session).halted_at else None,
        hook=refused_lately(session, "sendgrid", now),
        **values,
    )


def _people(session: Session, run: CampaignRun | None, chosen: str | None, after: int | None) -> dict[str, Any]:
    """A page of a run's messages, of one state when `chosen`."""
    people = receivers(session, run.id, state=chosen, after=after, size=PAGE + 1) if run else []
    return {
        "shown_run": run,
        "people": people[:PAGE],
        "following": people[PAGE - 1].place if len(people) > PAGE else None,
        "chosen": chosen,
        "filters": (*WAITING, *TROUBLE),
        "delivery_states": DELIVERY_STATES,
        "reasons": REASONS,
        "more": MORE,
    }


def _times(session: Session, found: Whole) -> dict[str, Any]:
    """The last times it went out, where it did more than once."""
    times = times_sent(session, found.campaign.id, size=_TIMES_SHOWN + 1) if found.times > 1 else []
    return {"times": times[:_TIMES_SHOWN], "more_times": len(times) > _TIMES_SHOWN}


def _about(request: Request, session: Session, viewer: Viewer, campaign: Campaign) -> dict[str, Any]:
    """What it sends, when, and what it took its people from: a saved audience, and the list that is its topic."""
    saved = campaign.audience_version_id
    return {
        "audience": conditions_text(request, session, campaign.audience, viewer.time_zone),
        "when": when_words(request, campaign, viewer.time_zone),
        "title": message_title,
        "audience_id": audience_of_version(session, saved) if saved is not None else None,
        "topic": list_by_id(session, campaign.list_id) if campaign.list_id is not None else None,
        "in_words": in_words,
    }


def _may(session: Session, viewer: Viewer, found: Whole) -> dict[str, Any]:
    """What the viewer can do with a campaign."""
    campaign, may = found.campaign, viewer.has(Role.MARKETER)
    actions = possible(State(campaign.state), begun=begun(session, campaign.id))
    waits = Action.APPROVE in actions
    return {
        "may": may,
        "can": Action,
        "actions": actions if may else frozenset(),
        "approves": waits and may_approve(campaign, viewer.email),
        "own": waits and not may_approve(campaign, viewer.email),
        "rest": may and can_edit_rest(session, campaign),
    }


def _shown(request: Request, found: Whole, now: datetime) -> dict[str, Any]:
    """What the page and its live part both show."""
    counts, campaign = found.counts, found.campaign
    words = said(
        request,
        N_("%(done)s of %(total)s messages are done with"),
        done=number_text(counts.settled, locale_of(request)),
        total=number_text(counts.messages, locale_of(request)),
    )
    due = campaign.scheduled_at if campaign.state == State.SCHEDULED else None
    return {
        "campaign": campaign,
        "run": found.run,
        "counts": counts,
        "left_out": found.left_out,
        "states": NAMES,
        "tones": TONES,
        "meter": meter(counts.settled / counts.messages if counts.messages else 0, 1, words),
        "live": campaign.state == State.SENDING or (due is not None and due <= now + _SOON),
    }


@router.get("/{campaign_id}/progress", dependencies=[allow(*LOOKS)])
def progress(request: Request, session: SessionDep, clock: ClockDep, campaign_id: int, state: str = "") -> Response:
    """The live part of the page; when the campaign is in another state than it shows, the page is loaded again."""
    found = whole(session, campaign_id)
    if state and state != found.campaign.state:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return render(request, "campaign_progress.html", **_shown(request, found, clock.now()))


@router.get("/{campaign_id}/times", dependencies=[allow(*LOOKS)])
def times(request: Request, session: SessionDep, campaign_id: int, after: After = None) -> Response:
    """Each time it went out, the newest first, those before the run `after`."""
    campaign = campaign_by_id(session, campaign_id)
    last = run_of(session, campaign_id, after) if after is not None else None
    found = times_sent(session, campaign_id, before=last.due_at if last else None, size=PAGE + 1)
    following = found[PAGE - 1].run.id if len(found) > PAGE else None
    return render(request, "campaign_times.html", campaign=campaign, times=found[:PAGE], following=following)


@router.get("/{campaign_id}/left-out/{reason}", dependencies=[allow(*LOOKS)])
def left_out(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    campaign_id: int,
    reason: str,
    after: After = None,
    run: After = None,
) -> Response:
    """The people a campaign leaves out for a reason."""
    campaign = campaign_by_id(session, campaign_id)
    if reason not in REASONS:
        raise NotFoundError(N_("There is no such page."))
    asked: dict[str, Any] = {"reason": reason, "after": after, "run_id": run, "now": clock.now()}
    people = left_out_people(session, campaign, **asked, size=PAGE + 1)
    return render(
        request,
        "campaign_left_out.html",
        campaign=campaign,
        reason=reason,
        reasons=REASONS,
        why=WHY,
        may=viewer.has(Role.MARKETER),
        people=people[:PAGE],
        following=people[PAGE - 1].person_id if len(people) > PAGE else None,
    )
