"""Budget advice: what each channel's money brings, the best move, and what any other move would bring."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from growth.attribution.channels import CHANNELS, Channel, labels
from growth.errors import InvalidError, RefusedError
from growth.locales import N_
from growth.measurement.advice.asking import advise, best_move, drawn_curves
from growth.measurement.advice.moves import REASONS, Drawn, Move, Silent
from growth.money import Money
from growth.spend.cells import amount_of, currency_of
from growth.spend.currencies import base_currency, latest_rates, turned_today
from growth.web.access import ClockDep, SessionDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.charts import nice_top, ticks
from growth.web.formats import money_text, number_text
from growth.web.pages.budgets import READERS, side_of
from growth.web.rendering import locale_of, render, said
from growth.web.response_charts import people_top, response

router = APIRouter(prefix="/budgets")
PEOPLE = {"buyer": N_("registered buyers a month"), "seller": N_("opened shops a month")}


@router.get("/advice", dependencies=[allow(*READERS)])
def advice(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    side: str = "buyer",
    source: str = "",
    target: str = "",
    amount: str = "",
    currency: str = "",
) -> Response:
    """The curves, the best move, and with a move asked for also what it would bring."""
    base, now = base_currency(session), clock.now()
    other = CHANNELS[side_of(side)][1].key
    asked = {"source": source, "target": target or other, "amount": amount[:100], "currency": currency or base}
    answer: Asked | RefusedError | None = None
    errors: dict[str, InvalidError] = {}
    if source or amount:
        answer, errors = _answer(session, side, asked, now)
    best, found = best_move(session, side, now), drawn_curves(session, side, now)
    return render(
        request,
        "budgets_advice.html",
        status=422 if errors else 200,
        **_words(side),
        asked=asked,
        answer=answer if isinstance(answer, Asked) else None,
        refused=answer if isinstance(answer, RefusedError) else None,
        errors=errors,
        best=best if isinstance(best, Move) else None,
        why_none=REASONS[best.reason] if isinstance(best, Silent) else "",
        currencies=[base, *(one.currency for one in latest_rates(session, base) if one.currency != base)],
        curves=[_shown(request, side, one, found[one.key], base) for one in CHANNELS[side]],
    )


def _words(side: str) -> dict[str, Any]:
    """What the page calls things on a side."""
    channels = [(one.key, one.label) for one in CHANNELS[side]]
    return {"side": side, "sides": SIDE_NAMES, "people": PEOPLE[side], "names": labels(side), "channels": channels,
            "money": Money}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A move that was asked for, in the currency it was asked in and in the workspace's."""

    move: Move
    own: Money
    base: Money


def _answer(
    session: Session, side: str, asked: Mapping[str, str], now: datetime
) -> tuple[Asked | RefusedError | None, dict[str, InvalidError]]:
    """What a move brings, or why the past can't say; errors of the form by field."""
    try:
        own = amount_of(asked["amount"], currency_of(asked["currency"]))
        moved = _in_base(session, own, now)
        found = advise(session, side, (asked["source"], asked["target"]), moved.minor, now=now)
        return Asked(found, own, moved), {}
    except InvalidError as error:
        return None, {error.field: error}
    except RefusedError as error:
        return error, {}


def _in_base(session: Session, amount: Money, now: datetime) -> Money:
    try:
        return turned_today(session, amount, now)
    except RefusedError as error:
        raise InvalidError("currency", error.message, remedy=error.remedy, currency=amount.currency) from None


def _shown(request: Request, side: str, channel: Channel, curve: Drawn | Silent, base: str) -> dict[str, Any]:
    """A channel's curve as a chart and as a table, or why there is none."""
    named: dict[str, Any] = {"label": channel.label, "chart": None}
    if isinstance(curve, Silent):
        return named | {"why": REASONS[curve.reason]}
    locale = locale_of(request)

    def money(minor: float) -> str:
        return money_text(Money(round(minor), base), locale, whole=True)

    def people(value: float) -> str:
        return number_text(round(value), locale)

    far = curve.points[-1].spend
    words = said(request, N_("%(channel)s: %(people)s by money a month"), channel=said(request, channel.label),
                 people=said(request, PEOPLE[side]))  # fmt: skip
    usual = said(request, N_("Usual: %(amount)s"), amount=money(curve.usual))
    chart = response(curve, words, [money(far * share) for share in (0, 0.5, 1)],
                     [people(one) for one in ticks(nice_top(people_top(curve)))], usual)  # fmt: skip
    rows = [(money(one.spend), people(one.expected), f"{people(one.low)} … {people(one.high)}")
            for one in curve.points[::4]]  # fmt: skip
    days = round(curve.half_life * 7)
    return named | {"chart": chart, "words": words, "rows": rows, "usual": usual, "half_life_days": days,
                    "tested": curve.tested, "next": _next(curve)}  # fmt: skip


def _next(curve: Drawn) -> float | None:
    """People that the next tenth of what is usual brings."""

    def at(spend: float) -> float:
        for one, other in zip(curve.points, curve.points[1:], strict=False):
            if spend <= other.spend:
                part = (spend - one.spend) / ((other.spend - one.spend) or 1)
                return one.expected + part * (other.expected - one.expected)
        return curve.points[-1].expected

    return at(curve.usual * 1.1) - at(curve.usual) if curve.usual else None
