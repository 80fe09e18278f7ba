"""Changing a channel's budget: a month and an amount, what that does to the pace, and only over what was looked at."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS
from growth.database.changed_days import zone_of
from growth.errors import ConflictError, GrowthError, InvalidError, NotFoundError, RefusedError
from growth.locales import N_
from growth.measurement.one_channel import NO_CHANNEL, Month, month_of_channel
from growth.money import Money
from growth.people.accounts import Role
from growth.spend.budgets import change_budget, month_of
from growth.spend.cells import amount_of
from growth.spend.currencies import base_currency
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_views import month_view
from growth.web.channel_words import SIDE_NAMES
from growth.web.formats import month_text
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/channels/{channel}/budget")
MONTHS = 12
"""This one and those after it: what is over needs no budget."""
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """A channel's month, and what was written."""

    side: str
    channel: str
    label: str
    month: date
    amount: str | None = None
    errors: dict[str, GrowthError] = field(default_factory=dict)


@router.get("", dependencies=[allow(Role.MANAGER)])
def budget(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    channel: str,
    side: str = "buyer",
    month: str = "",
    amount: str | None = None,
) -> Response:
    """The form; with an amount, what it would do."""
    now = clock.now()
    asked = _asked(session, (side, channel, month), None if amount is None else amount[:100], now)
    errors: dict[str, GrowthError] = {}
    if asked.amount:
        try:
            amount_of(asked.amount, base_currency(session))
        except InvalidError as error:
            errors = {"amount": error}
    return _page(request, session, asked, now, errors)


@router.post("", dependencies=[allow(Role.MANAGER)])
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
    """Change it, unless somebody else did meanwhile: then theirs is shown, and saving again puts this in its place."""
    now = clock.now()
    asked = _asked(session, (side, channel, month), amount[:100], now)
    try:
        minor = amount_of(asked.amount or "", base_currency(session)).minor
        with session.begin_nested():
            change_budget(session, side, channel, asked.month, minor, version=version, actor=viewer.email, now=now)
    except (InvalidError, ConflictError, RefusedError) as error:
        return _page(request, session, asked, now, {"amount": error})
    return toast(see_other(f"/channels/{channel}?side={side}"), N_("The budget is changed."))


def _asked(session: Session, wanted: tuple[str, str, str], amount: str | None, now: datetime) -> Asked:
    """Raises InvalidError for a month that can't be planned, NotFoundError for a channel the side doesn't have."""
    side, channel, month = wanted
    label = next((one.label for one in CHANNELS.get(side, ()) if one.key == channel), None)
    if label is None:
        raise NotFoundError(NO_CHANNEL)
    months = _months(now.astimezone(zone_of(session)).date())
    chosen = next((one for one in months if month in {"", f"{one:%Y-%m}"}), None)
    if chosen is None or (month and not _MONTH.fullmatch(month)):
        raise InvalidError("month", N_("Choose this month or one of the eleven after it."))
    return Asked(side, channel, label, chosen, amount)


def _months(today: date) -> list[date]:
    place = today.year * 12 + today.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(place, place + MONTHS)]


def _page(
    request: Request, session: Session, asked: Asked, now: datetime, errors: dict[str, GrowthError]
) -> Response:  # fmt: skip
    month = month_of_channel(session, asked.side, asked.channel, asked.month, now)
    locale, today = locale_of(request), now.astimezone(zone_of(session)).date()
    conflict = isinstance(errors.get("amount"), ConflictError)
    return render(
        request,
        "channels_one_budget.html",
        status=409 if conflict else 422 if errors else 200,
        channel=asked.channel,
        label=asked.label,
        side=asked.side,
        side_name=SIDE_NAMES[asked.side],
        months=[(f"{one:%Y-%m}", month_text(one, locale)) for one in _months(today)],
        chosen=f"{asked.month:%Y-%m}",
        this_month=asked.month == month_of(today),
        month=month,
        now_is=month_view(request, month, month.budget_minor),
        becomes=_becomes(request, session, asked, month),
        amount=_written(asked, month),
        held=Money(month.held_minor, month.currency),
        conflict=conflict,
        said_errors={name: _told(request, error) for name, error in errors.items()},
    )


def _becomes(request: Request, session: Session, asked: Asked, month: Month) -> dict[str, Any] | None:
    """The month against the amount that is written, if it can be read and is another one."""
    try:
        minor = amount_of(asked.amount or "", base_currency(session)).minor
    except InvalidError:
        return None
    return None if minor == month.budget_minor else month_view(request, month, minor)


def _written(asked: Asked, month: Month) -> str:
    if asked.amount is not None:
        return asked.amount
    return str(Money(month.budget_minor, month.currency).amount) if month.budget_minor is not None else ""


def _told(request: Request, error: GrowthError) -> str:
    remedy = said(request, error.remedy, **error.values) if error.remedy else ""
    return f"{said(request, error.message, **error.values)} {remedy}".strip()
