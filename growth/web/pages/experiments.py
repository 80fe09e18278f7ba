"""Hold-outs of channels: all of them, a new one worked out and planned, one with what it shows."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, labels
from growth.database.workspace import workspace
from growth.errors import GrowthError, InvalidError
from growth.experiments.holdouts.choosing import LENGTHS
from growth.experiments.holdouts.power import Seen
from growth.locales import N_
from growth.measurement.holdouts import running
from growth.measurement.holdouts.planning import Offer, offer, save, today_of
from growth.measurement.holdouts.wishes import SETTLE_DAYS, Wanted, checked
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.holdout_views import (
    KINDS,
    STATES,
    TONES,
    caused_share,
    countries,
    outcome_words,
    rests_where,
    result_panel,
    seen_rows,
)
from growth.web.navigation import NavEntry
from growth.web.rendering import render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/experiments")
WHO = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(
    group=N_("Overview"), label=N_("Hold-outs"), href="/experiments", icon="adjustments", order=15, roles=WHO
)
PAGE = 50
OUTCOMES = {"acquired": N_("Registrations or opened shops"), "orders": N_("First orders or first sales")}
HoldoutId = Annotated[int, Path(ge=1, le=2**63 - 1)]
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


class Typed(BaseModel):
    """The form as it was filled in; `channel` is side and key, as in `buyer.paid_search`."""

    name: str = Field("", max_length=2_000)
    channel: str = Field("", max_length=200)
    kind: str = Field("regions", max_length=50)
    outcome: str = Field("acquired", max_length=50)
    weeks: str = Field("4", max_length=50)
    percent: str = Field("30", max_length=50)
    regions: str = Field("", max_length=2_000)
    starts_on: str = Field("", max_length=50)
    settle_days: str = Field(str(SETTLE_DAYS), max_length=50)
    then: str = Field("save", max_length=50)

    def given(self) -> dict[str, str]:
        """In the room's words."""
        side, _, channel = self.channel.partition(".")
        return self.model_dump(exclude={"channel", "then"}) | {"side": side, "channel": channel}


@router.get("", dependencies=[allow(*WHO)])
def all_holdouts(request: Request, session: SessionDep, *, after: After = None) -> Response:
    """All, the newest first."""
    found = running.holdouts(session, after, PAGE + 1)
    rows = [
        {
            "one": one,
            "channel": labels(one.side).get(one.channel, one.channel),
            "where": rests_where(request, one),
            "caused": caused_share(request, one.result),
        }
        for one in found[:PAGE]
    ]
    following = found[PAGE - 1].id if len(found) > PAGE else None
    return render(request, "experiments.html", rows=rows, first=after is None, next=following, **_words())


def _words() -> dict[str, Any]:
    return {"states": STATES, "tones": TONES, "kinds": KINDS, "sides": SIDE_NAMES}


@router.get("/new", dependencies=[allow(*WHO)])
def new(
    request: Request, session: SessionDep, clock: ClockDep, channel: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The form, for a channel when one is given as side and key."""
    tomorrow = today_of(session, clock.now()) + timedelta(days=1)
    return _form(request, Typed(starts_on=tomorrow.isoformat(), channel=channel))


@router.post("", dependencies=[allow(*WHO)])
def plan(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, typed: Annotated[Typed, Form()]
) -> Response:
    """Work it out, or keep it."""
    try:
        wanted = checked(typed.given(), today_of(session, clock.now()))
        if typed.then == "show":
            return _form(request, typed, offered=offer(session, wanted, clock.now()), wanted=wanted)
        kept = save(session, wanted, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _form(request, typed, errors={"channel" if error.field == "side" else error.field: error})
    return toast(see_other(f"/experiments/{kept.id}"), N_("The hold-out is planned."))


def _form(
    request: Request,
    typed: Typed,
    *,
    offered: Offer | None = None,
    wanted: Wanted | None = None,
    errors: dict[str, GrowthError] | None = None,
) -> Response:
    groups = [
        (SIDE_NAMES[side], [(f"{side}.{one.key}", one.label) for one in channels if one.key != "email"])
        for side, channels in CHANNELS.items()
    ]
    shown = {"rows": seen_rows(request, offered.seen), "where": countries(request, offered.regions)} if offered else {}
    return render(
        request,
        "experiments_new.html",
        status=422 if errors else 200,
        typed=typed,
        groups=groups,
        lengths=LENGTHS,
        outcomes=OUTCOMES,
        offered=offered,
        wanted=wanted,
        errors=errors or {},
        **shown,
        **_words(),
    )


@router.get("/{holdout_id}", dependencies=[allow(*WHO)])
def one(request: Request, session: SessionDep, holdout_id: HoldoutId) -> Response:
    """Its plan and what it shows; while it runs, what is known so far."""
    found = running.by_number(session, holdout_id)
    result = found.result if found.state != "stopped" else None
    return render(
        request,
        "experiments_one.html",
        found=found,
        channel=labels(found.side).get(found.channel, found.channel),
        counted=outcome_words(found.side, found.outcome),
        where=rests_where(request, found),
        compared=countries(request, found.plan["compared"]),
        rows=seen_rows(request, [Seen(**one) for one in found.plan["seen"]]),
        promised=_promised(request, found.weeks, found.plan["seen"]),
        panel=_panel(request, session, found, result),
        result=result,
        early=found.state == "running",
        **_words(),
    )


def _panel(request: Request, session: Session, found: Any, result: dict[str, Any] | None) -> Any:
    place = workspace(session)
    return result_panel(request, found, result, place.currency if place else "USD") if result else None


def _promised(request: Request, weeks: int, seen: list[dict[str, Any]]) -> str:
    """What was foreseen of just this length."""
    shares = {row[0]: row[1] for row in seen_rows(request, [Seen(**one) for one in seen])}
    return shares.get(weeks) or said(request, N_("nothing"))


@router.post("/{holdout_id}/start", dependencies=[allow(*WHO)])
def start(session: SessionDep, viewer: ViewerDep, clock: ClockDep, holdout_id: HoldoutId) -> Response:
    """Begin it today."""
    running.start(session, holdout_id, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/experiments/{holdout_id}"), N_("The hold-out has begun."))


@router.post("/{holdout_id}/stop", dependencies=[allow(*WHO)])
def stop(session: SessionDep, viewer: ViewerDep, clock: ClockDep, holdout_id: HoldoutId) -> Response:
    """End it before its time."""
    running.stop(session, holdout_id, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/experiments/{holdout_id}"), N_("The hold-out is stopped."))
