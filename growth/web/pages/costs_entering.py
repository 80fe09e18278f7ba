"""Entering costs by hand: a fair or another cost over its days, hours of sales reps, and prices with a first day."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, SIDES, labels
from growth.database.changed_days import zone_of
from growth.errors import GrowthError, InvalidError, RefusedError
from growth.locales import N_
from growth.people.accounts import Account, AccountRole, Role
from growth.people.importing.cells import country_of
from growth.scheduling.firing import fire_free
from growth.spend.cells import amount_of, channel_of, currency_of, day_of, number_of
from growth.spend.currencies import base_currency
from growth.spend.entering import Entry, enter
from growth.spend.hours import record_hours
from growth.spend.prices import EMAIL, JOBS, REP_HOUR, prices, set_price
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/costs")
PRICES = {EMAIL: N_("A thousand messages"), REP_HOUR: N_("An hour of a sales rep")}
Cell = Annotated[str, Form(max_length=2_000)]
_REPS = 200


@router.get("/new", dependencies=[allow(Role.MANAGER)])
def new(request: Request, session: SessionDep, clock: ClockDep) -> Response:
    """The forms, empty."""
    return _page(request, session, clock)


def _page(
    request: Request,
    session: Session,
    clock: ClockDep,
    written: Mapping[str, str] | None = None,
    errors: Mapping[str, GrowthError] | None = None,
) -> Response:
    today = clock.now().astimezone(zone_of(session)).date()
    base = base_currency(session)
    blank = {
        "name": "", "first": str(today), "last": str(today), "place": "seller offline", "country": "", "amount": "",
        "currency": base, "day": str(today - timedelta(days=1)), "who": "", "hours": "", "channel": "offline",
        "kind": EMAIL, "since": str(today.replace(day=1)), "price": "", "price_currency": base,
    }  # fmt: skip
    return render(
        request,
        "costs_new.html",
        status=422 if errors else 200,
        written=blank | dict(written or {}),
        errors=errors or {},
        channels=[(side, SIDE_NAMES[side], CHANNELS[side]) for side in SIDES],
        seller_channels=CHANNELS["seller"],
        kinds=PRICES,
        prices=prices(session),
        reps=_reps(session),
    )


def _reps(session: Session) -> list[tuple[str, str]]:
    """Address and name of those who sell."""
    found = select(Account.email, Account.name).join(AccountRole)
    found = found.where(AccountRole.role == Role.REP.value, Account.disabled_at.is_(None))
    return [(email, name) for email, name in session.execute(found.order_by(Account.name).limit(_REPS))]


def _beside(error: InvalidError | RefusedError, otherwise: str, **fields: str) -> dict[str, GrowthError]:
    """The error by the form's field: `fields` are the form's names for the room's; a refusal stands at `otherwise`."""
    field = error.field if isinstance(error, InvalidError) else otherwise
    return {fields.get(field, field): error}


@router.post("/entered", dependencies=[allow(Role.MANAGER)])
def enter_cost(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, name: Cell = "", first: Cell = "",
    last: Cell = "", place: Cell = "", country: Cell = "", amount: Cell = "", currency: Cell = "",
) -> Response:  # fmt: skip
    """Keep a cost over its days."""
    written = {"name": name, "first": first, "last": last, "place": place, "country": country, "amount": amount,
               "currency": currency}  # fmt: skip
    try:
        with session.begin_nested():
            side, channel = _where(place)
            begin = _day(first, "first", clock)
            entry = Entry(
                name=" ".join(name.split()), first=begin, last=_day(last, "last", clock) if last.strip() else begin,
                side=side, channel=channel, country=country_of(country) or "",
                amount=amount_of(amount, currency_of(currency)),
            )  # fmt: skip
            enter(session, entry, actor=viewer.email, now=clock.now())
    except (InvalidError, RefusedError) as error:
        return _page(request, session, clock, written, _beside(error, "amount", channel="place"))
    return toast(see_other("/costs"), N_("The cost is kept."))


@router.post("/hours", dependencies=[allow(Role.MANAGER)])
def enter_hours(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, day: Cell = "", who: Cell = "",
    hours: Cell = "", channel: Cell = "",
) -> Response:  # fmt: skip
    """Keep a rep's hours of a day."""
    written = {"day": day, "who": who, "hours": hours, "channel": channel}
    try:
        with session.begin_nested():
            known = channel_of(channel, "seller", {"seller": labels("seller")})
            record_hours(session, _day(day, "day", clock), who, number_of(hours, "hours", 2), channel=known,
                         actor=viewer.email, now=clock.now())  # fmt: skip
    except (InvalidError, RefusedError) as error:
        return _page(request, session, clock, written, _beside(error, "hours"))
    return toast(see_other("/costs"), N_("The hours are kept."))


@router.post("/prices", dependencies=[allow(Role.MANAGER)])
def price(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, kind: Cell = "", since: Cell = "",
    price: Cell = "", price_currency: Cell = "",
) -> Response:  # fmt: skip
    """Set a price from a day on; what follows from it is reckoned again from that day."""
    written = {"kind": kind, "since": since, "price": price, "price_currency": price_currency}
    try:
        with session.begin_nested():
            begin = _day(since, "since", clock)
            amount = amount_of(price, currency_of(price_currency))
            set_price(session, kind, begin, amount, actor=viewer.email, now=clock.now())
            who = f"person:{viewer.email}"
            fire_free(session, JOBS[kind], now=clock.now(), fired_by=who, args={"since": str(begin)})
    except (InvalidError, RefusedError) as error:
        errors = _beside(error, "price", amount="price", currency="price_currency")
        return _page(request, session, clock, written, errors)
    return toast(see_other("/costs/new"), N_("The price is set. Days from then on are counted again."))


def _where(place: str) -> tuple[str, str]:
    """Side and channel of what was chosen."""
    side, _, channel = place.partition(" ")
    if side not in SIDES:
        raise InvalidError("place", N_("Choose a channel."))
    return side, channel_of(channel, side, {side: labels(side)})


def _day(text: str, field: str, clock: ClockDep) -> date:
    try:
        return day_of(text, clock.now())
    except InvalidError as error:
        raise InvalidError(field, error.message, remedy=error.remedy) from None
