"""Budgets: what each channel may cost in a month, what it cost so far, and where the month will end."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, SIDES
from growth.database.changed_days import zone_of
from growth.errors import ConflictError, InvalidError, RefusedError
from growth.locales import N_
from growth.money import Money
from growth.people.accounts import Role
from growth.spend.budgets import change_budget, copy_budgets, month_end, month_of
from growth.spend.cells import amount_with_currency
from growth.spend.currencies import base_currency, turned_today
from growth.spend.paced import Paced, paced_months
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.charts import meter
from growth.web.formats import percent_text
from growth.web.navigation import NavEntry
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/budgets")
READERS = (Role.MANAGER, Role.MARKETER)
NAV = NavEntry(group=N_("Overview"), label=N_("Budgets"), href="/budgets", icon="coin", order=12, roles=READERS)
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Row:
    """A channel in a month; money in the workspace's currency."""

    label: str
    month: Paced
    budget: Money | None
    planned: Money
    version: int
    spent: Money
    expected: Money
    low: Money
    high: Money
    meter: Markup
    over: bool


def side_of(side: str) -> str:
    """The side of an address. Raises InvalidError."""
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
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, side: str = "buyer", month: str = ""
) -> Response:
    """The month's budgets, what was spent of them, and where the month will end."""
    now = clock.now()
    wanted = _month(month, _today(session, now))
    return _page(request, session, (side_of(side), wanted), viewer.has(Role.MANAGER), now)


def _today(session: Session, now: datetime) -> date:
    return now.astimezone(zone_of(session)).date()


def _page(
    request: Request,
    session: Session,
    place: tuple[str, date],
    may: bool,
    now: datetime,
    **more: object,
) -> Response:
    side, month = place
    values = {"errors": {}, "written": {}} | more
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
        lacking=any(one.budget is None for one in rows),
        channels=[(one.key, one.label) for one in CHANNELS[side]],
        **values,
    )


def _rows(request: Request, session: Session, side: str, month: date, now: datetime) -> list[Row]:
    labels = {one.key: one.label for one in CHANNELS[side]}
    months = paced_months(session, side, list(labels), month, _today(session, now))
    return [_row(request, labels[one.channel], one) for one in months]


def _row(request: Request, label: str, month: Paced) -> Row:
    budget, found, base = month.budget, month.pace, month.currency
    share = found.expected / month.budget_minor if month.budget_minor else 0
    told = percent_text(Decimal(str(round(share, 4))), locale_of(request))
    words = said(request, N_("%(share)s of the budget at the month's end"), share=told)
    return Row(
        label=label,
        month=month,
        budget=Money(budget.amount_minor, budget.currency) if budget else None,
        planned=Money(budget.planned_minor, budget.currency) if budget else Money(0, base),
        version=budget.version if budget else 0,
        spent=Money(found.spent, base),
        expected=Money(found.expected, base),
        low=Money(found.low, base),
        high=Money(found.high, base),
        meter=meter(share, 1, words) if share else Markup(""),
        over=share > 1,
    )


@router.post("/copy", dependencies=[allow(Role.MANAGER)])
def copy(
    session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, side: Annotated[str, Form()] = "",
    month: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Give channels without a budget the one of the month before."""
    wanted = _month(month, _today(session, clock.now()))
    copied, refused = copy_budgets(session, side_of(side), wanted, actor=viewer.email, now=clock.now())
    back = see_other(f"/budgets?side={side}&month={wanted:%Y-%m}")
    if refused:
        return toast(back, N_("Budgets copied: %(copied)s. Not copied, since more is spent already: %(refused)s."),
                     copied=len(copied), refused=len(refused))  # fmt: skip
    if not copied:
        return toast(back, N_("There was nothing to copy: these channels have budgets, or had none."))
    return toast(back, N_("Budgets copied from the month before: %(copied)s."), copied=len(copied))


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
    side_of(side)
    wanted = _month(month, _today(session, clock.now()))
    if channel not in (one.key for one in CHANNELS[side]):
        raise InvalidError("channel", N_("There is no such channel on this side."))
    try:
        typed = amount_with_currency(amount[:100], base_currency(session))
        minor = turned_today(session, typed, clock.now()).minor
        with session.begin_nested():
            change_budget(session, side, channel, wanted, minor, version=version, actor=viewer.email, now=clock.now())
    except (InvalidError, ConflictError, RefusedError) as error:
        return _page(request, session, (side, wanted), may=True, now=clock.now(),
                     errors={f"amount-{channel}": error}, written={channel: amount[:100]})  # fmt: skip
    return toast(see_other(f"/budgets?side={side}&month={wanted:%Y-%m}"), N_("The budget is changed."))
