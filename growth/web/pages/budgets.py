"""Budgets: what each channel may cost in a month, what it cost so far, and where the month will end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, SIDES, Channel
from growth.database.changed_days import zone_of
from growth.errors import ConflictError, GrowthError, InvalidError, RefusedError
from growth.locales import N_
from growth.money import Money
from growth.people.accounts import Role
from growth.spend.budgets import budgets_of, change_budget, daily_spend, month_end, month_of
from growth.spend.cells import amount_of
from growth.spend.currencies import base_currency
from growth.spend.pacing import HISTORY, Pace, pace
from growth.spend.records import Budget
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.charts import meter
from growth.web.formats import percent_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

if TYPE_CHECKING:
    from growth.measurement.advice.curves import Move

router = APIRouter(prefix="/budgets")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(group=N_("Overview"), label=N_("Budgets"), href="/budgets", icon="coin", order=12, roles=READERS)
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Row:
    """A channel in a month; money in the workspace's currency."""

    channel: str
    label: str
    budget: Money | None
    planned: Money
    version: int
    pace: Pace
    spent: Money
    expected: Money
    low: Money
    high: Money
    meter: Markup
    over: bool


def _side(side: str) -> str:
    if side not in SIDES:
        raise InvalidError("side", N_("The side is buyer or seller."))
    return side


def _month(text: str, today: date) -> date:
    match = _MONTH.fullmatch(text)
    if text and not match:
        raise InvalidError("month", N_("Write the month like 2026-11."))
    return date(int(match[1]), int(match[2]), 1) if match else month_of(today)


@router.get("", dependencies=[allow(*READERS)])
def budgets(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    side: str = "buyer",
    month: str = "",
    source: str = "",
    target: str = "",
    amount: str = "",
) -> Response:
    """The month's budgets; with a move asked for, also what it would bring."""
    asked = {"source": source, "target": target, "amount": amount}
    answer: Move | GrowthError | None = None
    errors: dict[str, GrowthError] = {}
    if source or target or amount:
        answer, errors = _answer(session, _side(side), asked, clock.now())
    wanted = _month(month, _today(session, clock.now()))
    return _page(request, session, (_side(side), wanted), viewer.has(Role.MANAGER), clock.now(), asked=asked,
                 answer=answer, errors=errors)  # fmt: skip


def _today(session: Session, now: datetime) -> date:
    return now.astimezone(zone_of(session)).date()


def _answer(
    session: Session, side: str, asked: Mapping[str, str], now: datetime
) -> "tuple[Move | GrowthError | None, dict[str, GrowthError]]":
    """What a move brings, or why the past can't say; errors of the form by field."""
    from growth.measurement.advice.asking import advise  # noqa: PLC0415 - SciPy, which other pages need not load

    try:
        moved = amount_of(asked["amount"], base_currency(session))
        return advise(session, side, (asked["source"], asked["target"]), moved.minor, now=now), {}
    except InvalidError as error:
        return None, {error.field: error}
    except RefusedError as error:
        return error, {}


def _page(
    request: Request,
    session: Session,
    place: tuple[str, date],
    may: bool,
    now: datetime,
    **more: object,
) -> Response:
    side, month = place
    values = {"asked": {"source": "", "target": "", "amount": ""}, "answer": None, "errors": {}, "written": {}} | more
    rows = _rows(request, session, side, month, now)
    return render(
        request,
        "budgets.html",
        status=422 if values["errors"] else 200,
        side=side,
        sides=SIDE_NAMES,
        month=month,
        before=(month - timedelta(days=1)).strftime("%Y-%m"),
        after=(month_end(month) + timedelta(days=1)).strftime("%Y-%m"),
        rows=rows,
        may=may,
        currency=base_currency(session),
        channels=[(one.key, one.label) for one in CHANNELS[side]],
        refused=isinstance(values["answer"], RefusedError),
        **values,
    )


def _rows(request: Request, session: Session, side: str, month: date, now: datetime) -> list[Row]:
    base, today = base_currency(session), _today(session, now)
    end = month_end(month)
    yesterday = min(max(today - timedelta(days=1), month - timedelta(days=1)), end)
    first = min(month, yesterday - timedelta(days=HISTORY - 1))
    spend = daily_spend(session, side, (first, end), base)
    kept = budgets_of(session, side, month)
    rows = []
    for one in CHANNELS[side]:
        days = spend.get(one.key, [0] * ((end - first).days + 1))[: (yesterday - first).days + 1]
        found = pace(days, yesterday, end, sum(days[(month - first).days :]))
        rows.append(_row(request, one, kept.get(one.key), found, base))
    return rows


def _row(request: Request, channel: Channel, budget: Budget | None, found: Pace, base: str) -> Row:
    share = found.expected / budget.amount_minor if budget and budget.amount_minor else 0
    told = percent_text(Decimal(str(round(share, 4))), locale_of(request))
    words = said(request, N_("%(share)s of the budget at the month's end"), share=told)
    return Row(
        channel=channel.key,
        label=channel.label,
        budget=Money(budget.amount_minor, budget.currency) if budget else None,
        planned=Money(budget.planned_minor if budget else 0, base),
        version=budget.version if budget else 0,
        pace=found,
        spent=Money(found.spent, base),
        expected=Money(found.expected, base),
        low=Money(found.low, base),
        high=Money(found.high, base),
        meter=meter(share, 1, words) if share else Markup(""),
        over=share > 1,
    )


@router.post("/{channel}", dependencies=[allow(Role.MANAGER)])
def change(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    channel: str,
    side: Annotated[str, Form()] = "",
    month: Annotated[str, Form()] = "",
    amount: Annotated[str, Form()] = "",
    version: Annotated[int, Form(ge=0, le=2**62)] = 0,
) -> Response:
    """Change a budget."""
    _side(side)
    wanted = _month(month, _today(session, clock.now()))
    if channel not in (one.key for one in CHANNELS[side]):
        raise InvalidError("channel", N_("There is no such channel on this side."))
    try:
        minor = amount_of(amount[:100], base_currency(session)).minor
        with session.begin_nested():
            change_budget(session, side, channel, wanted, minor, version=version, actor=viewer.email, now=clock.now())
    except (InvalidError, ConflictError, RefusedError) as error:
        return _page(request, session, (side, wanted), may=True, now=clock.now(),
                     errors={f"amount-{channel}": error}, written={channel: amount[:100]})  # fmt: skip
    return toast(see_other(f"/budgets?side={side}&month={wanted:%Y-%m}"), N_("The budget is changed."))
