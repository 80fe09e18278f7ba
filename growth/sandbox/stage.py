"""What a play needs besides the market: an organisation, a hook that believes it, and a memory of what was played."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine

from growth.attribution.crediting import credit
from growth.database.engine import transaction
from growth.database.workspace import workspace
from growth.errors import InvalidError, NotFoundError, RefusedError
from growth.locales import N_
from growth.measurement.rolling_up import roll_up
from growth.sandbox import demo
from growth.sandbox.keys import public_key_of, webhook_private_key
from growth.sandbox.market import costs
from growth.sandbox.market.played import Played
from growth.sandbox.market.sources import POOL
from growth.sandbox.market.switches import Switches, read_held_out, read_off
from growth.sandbox.playing import spent
from growth.sandbox.resting import rests
from growth.settings import settings
from growth.spend.currencies import Rate, base_currency, record_rates
from growth.spend.ledger import record_costs


def market_of(
    seed: str,
    days: int,
    until: datetime,
    *,
    people: int | None = None,
    off: Sequence[str] = (),
    hold_out: Sequence[str] = (),
) -> Played:
    """The market that a command asks for. Raises InvalidError for a channel or a day that can't be read."""
    switches = Switches(tuple(map(read_off, off)), tuple(map(read_held_out, hold_out)))
    return Played(seed, until.date() - timedelta(days=days), until, people or POOL, switches)


def end_of(text: str | None, now: datetime) -> datetime:
    """The moment until which a market is played: of an ISO day or moment (UTC unless it says otherwise), or now.

    Raises InvalidError for one that can't be read, or that is yet to come.
    """
    if text is None:
        return now
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        until = None
    if until is None or (until := until if until.tzinfo else until.replace(tzinfo=UTC)) > now:
        raise InvalidError(
            "until",
            N_("“%(text)s” is no moment until which something can be played."),
            remedy=N_("Write a moment that is past, like 2026-11-24 or 2026-11-24T12:00."),
            text=text[:80],
        )
    return until.astimezone(UTC)


def open_hook(home: Path) -> ec.EllipticCurvePrivateKey:
    """Have this process believe the sandbox's signatures; gives the key for them."""
    key = webhook_private_key(home)
    os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"] = public_key_of(key)
    settings.cache_clear()
    return key


def speak_for(url: str) -> None:
    """Have the pictures and links of letters lead to a running product, unless its public address is set."""
    os.environ.setdefault("GROWTH_BASE_URL", url.rstrip("/"))
    settings.cache_clear()


def prepare(engine: Engine, now: datetime) -> None:
    """Make an organisation where there is none. Raises RefusedError when there is a real one."""
    with transaction(engine) as session:
        place = workspace(session)
    if place is None:
        demo.begun(engine, demo.sign_ins(), now)
    elif not place.demo:
        raise RefusedError(
            N_("This is a real product, in which nothing is played."),
            remedy=N_("Give another folder with GROWTH_HOME, or another database with GROWTH_DATABASE_URL."),
        )


def with_holdouts(engine: Engine, market: Played) -> Played:
    """The same market, in which a channel rests where a hold-out of the product says so."""
    with transaction(engine) as session:
        off = (*market.switches.off, *rests(session))
    return replace(market, switches=replace(market.switches, off=off))


def settle(engine: Engine, market: Played, now: datetime) -> None:
    """Store what was spent, credit what happened, roll it up, and plan what the demo has planned."""
    with transaction(engine) as session:
        yuan = [Rate("CNY", day, rate) for day, rate in costs.rates(market.days, market.dice)]
        record_rates(session, base_currency(session), yuan, now)
        record_costs(session, [demo.as_cost(one) for one in spent(market, market.lives())], now)
    demo.do_all(engine, credit, now)
    demo.do_all(engine, roll_up, now)
    if not demo.finished(engine):
        demo.plan(engine, now)


def remember(home: Path, market: Played) -> None:
    """Keep which market was played last, for those who ask for its truth."""
    path = _memory(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(_written(market), option=orjson.OPT_INDENT_2))


def remembered(home: Path) -> Played | None:
    """The market that was played last; None when none was."""
    try:
        return _read(orjson.loads(_memory(home).read_bytes()))
    except (OSError, orjson.JSONDecodeError):
        return None


def of_demo(engine: Engine) -> Played:
    """The market of the demo's past. Raises NotFoundError where there is no demo."""
    with transaction(engine) as session:
        place = workspace(session)
    if place is None or not place.demo:
        raise NotFoundError(
            N_("Nothing was played here."), remedy=N_("Type “growth sandbox play”, or say how many --days.")
        )
    return demo.played(place.set_up_at)


def _memory(home: Path) -> Path:
    return home / "sandbox" / "played.json"


def _written(market: Played) -> dict[str, Any]:
    return {
        "seed": market.seed,
        "first": market.first.isoformat(),
        "until": market.until.isoformat(),
        "people": market.people,
        "off": [str(one) for one in market.switches.off],
        "hold_out": [str(one) for one in market.switches.held_out],
    }


def _read(written: dict[str, Any]) -> Played:
    off, held_out = map(read_off, written["off"]), map(read_held_out, written["hold_out"])
    return Played(
        written["seed"],
        date.fromisoformat(written["first"]),
        datetime.fromisoformat(written["until"]),
        written["people"],
        Switches(tuple(off), tuple(held_out)),
    )
