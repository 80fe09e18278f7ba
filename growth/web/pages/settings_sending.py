"""The rules of sending: quiet hours, how often, how fast, the warm-up of a new sender, and what halts everything."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from growth.campaigns.sending.pace import warm_up_plan
from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.rules import RuleDifference, RulesChangedError, go_on, rules, save_rules
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.charts import columns
from growth.web.formats import day_text, number_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.sending_form import SendingForm, shown, typed
from growth.web.toasts import toast

router = APIRouter(prefix="/settings/sending")
NAV = NavEntry(
    group=N_("Run"),
    label=N_("Rules of sending"),
    href="/settings/sending",
    icon="send",
    order=35,
    roles=(Role.MARKETER,),
)
RULES = {
    "quiet_from": N_("Quiet from"),
    "quiet_until": N_("Quiet until"),
    "most_per_day": N_("Messages to one person in 24 hours"),
    "most_per_week": N_("Messages to one person in 7 days"),
    "most_by_purpose": N_("Of these in 7 days, by purpose"),
    "per_hour": N_("Messages an hour, over all"),
    "per_receiver": N_("Messages an hour, by receiver"),
    "warm_up_since": N_("First day"),
    "warm_up_first": N_("Messages on the first day"),
    "warm_up_growth": N_("Percent of the day before"),
    "warm_up_days": N_("Days"),
    "bounce_limit": N_("Bounces, percent of a day's messages"),
    "complaint_limit": N_("Complaints, percent of a day's messages"),
    "approval_from": N_("Recipients from which a second person must approve"),
    "role_addresses": N_("Addresses that several people read, such as info@"),
    "disposable_addresses": N_("Disposable addresses"),
    "soft_bounces": N_("Soft bounces in a row, over a week at least, after which an address is given up"),
    "seeds": N_("Own addresses that get a copy of every campaign"),
}
POLICIES = {"send": N_("Write to them"), "leave_out": N_("Leave them out")}


@dataclass(frozen=True)
class PlannedDay:
    """A day of the warm-up."""

    day: date
    messages: int
    today: bool


def plan(held: SendingRules, now: datetime) -> list[PlannedDay]:
    """The warm-up day by day; empty for none."""
    if held.warm_up_since is None:
        return []
    today = now.astimezone(UTC).date()
    days = [held.warm_up_since + timedelta(days=number) for number in range(held.warm_up_days)]
    return [PlannedDay(day, most, day == today) for day, most in zip(days, warm_up_plan(held), strict=True)]


@router.get("", dependencies=[allow(Role.MARKETER)])
def rules_page(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """The rules; who isn't an admin reads them."""
    held = rules(session)
    return _page(request, held, clock.now(), asked=typed(held), may=viewer.has(Role.ADMIN))


def _page(
    request: Request,
    held: SendingRules,
    now: datetime,
    *,
    asked: SendingForm,
    may: bool,
    status: int = 200,
    **more: Any,
) -> Response:
    days = plan(held, now)
    values: dict[str, Any] = {"errors": {}, "differences": (), "version": held.version} | more
    return render(
        request,
        "settings_sending.html",
        status=status,
        held=held,
        asked=asked,
        may=may,
        words=RULES,
        policies=[(key, said(request, sentence)) for key, sentence in POLICIES.items()],
        plan=days,
        chart=_chart(request, days) if days else None,
        **values,
    )


def _chart(request: Request, days: list[PlannedDay]) -> Any:
    locale = locale_of(request)
    named = [(f"{day_text(one.day, locale)}: {number_text(one.messages, locale)}", one.messages) for one in days]
    return columns(named, said(request, N_("Messages of each day of the warm-up")))


@router.post("", dependencies=[allow()])
def save(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    asked: Annotated[SendingForm, Form()],
    version: Annotated[int, Form(ge=0, le=2**31)] = 0,
) -> Response:
    """Keep them, all or none; what somebody else saved meanwhile is shown first."""
    changes, wrong = asked.changes()
    now = clock.now()
    if wrong:
        return _page(request, rules(session), now, asked=asked, may=True, status=422, errors=wrong, version=version)
    try:
        save_rules(session, changes, version=version, actor=viewer.email, now=now)
    except InvalidError as error:
        held = rules(session)
        return _page(
            request, held, now, asked=asked, may=True, status=422, errors={error.field: error}, version=version
        )
    except RulesChangedError as clash:
        told = [_told(one) for one in clash.differences]
        return _page(
            request,
            rules(session),
            now,
            asked=asked,
            may=True,
            status=409,
            differences=told,
            version=clash.version,
        )
    return toast(
        see_other("/settings/sending"), N_("The rules are saved. They hold at once, also for what is being sent.")
    )


def _told(one: RuleDifference) -> tuple[str, str, str]:
    return RULES.get(one.field, one.field), shown(one.field, one.mine), shown(one.field, one.theirs)


@router.get("/go-on", dependencies=[allow()])
def ask_to_go_on(request: Request, session: SessionDep) -> Response:
    """What halted everything, and what going on means."""
    return render(request, "settings_sending_go_on.html", held=rules(session))


@router.post("/go-on", dependencies=[allow()])
def let_go_on(session: SessionDep, viewer: ViewerDep, clock: ClockDep) -> Response:
    """Let sending go on after a halt."""
    go_on(session, actor=viewer.email, now=clock.now())
    return toast(
        see_other("/settings/sending"), N_("Sending may go on. Resume each campaign that was paused when it is ready.")
    )
