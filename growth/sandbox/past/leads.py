"""The sellers as leads: organisations, stages they reached, calls they had."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.database.copying import copy_rows
from growth.leads.records import Activity, Lead, StageChange
from growth.people.records import Organisation
from growth.sandbox.dice import Dice
from growth.sandbox.market.sellers import Seller

SOURCE = "demo"
_STAGE = ("lead_id", "stage", "at", "by", "reason", "recorded_at")
_ACTIVITY = ("lead_id", "account_id", "kind", "outcome", "note", "at")
_OUTCOMES = {"no_answer": 0.4, "reached": 0.25, "call_back": 0.15, "interested": 0.15, "not_interested": 0.05}


def store(
    session: Session,
    sellers: Sequence[Seller],
    people: Mapping[str, int],
    *,
    reps: Sequence[int],
    dice: Dice,
    now: datetime,
) -> None:
    """Store those that are not there yet, with their history until `now`; in the caller's transaction."""
    there = set(session.scalars(select(Lead.source_key).where(Lead.source == SOURCE)))
    fresh = [seller for seller in sellers if str(seller.number) not in there]
    if not fresh:
        return
    companies = _stored(session, Organisation, [_organisation(one) for one in fresh])
    rows = [
        _lead(one, company, people.get(one.email), reps, dice) for one, company in zip(fresh, companies, strict=True)
    ]
    leads = _stored(session, Lead, rows)
    both = list(zip(fresh, leads, strict=True))
    copy_rows(session, StageChange.__tablename__, _STAGE, (row for one, lead in both for row in _stages(one, lead)))
    calls = (row for one, lead in both for row in _calls(one, lead, reps, dice, now))
    copy_rows(session, Activity.__tablename__, _ACTIVITY, calls)


def _stored(session: Session, record: type[Organisation] | type[Lead], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Store rows with the same columns; gives their ids in the same order."""
    table = record.__tablename__
    taken = text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)")
    ids = list(session.scalars(taken, {"table": table, "count": len(rows)}))
    copy_rows(session, table, ("id", *rows[0]), ((one, *row.values()) for one, row in zip(ids, rows, strict=True)))
    return ids


def _organisation(seller: Seller) -> dict[str, Any]:
    return {
        "legal_name": seller.name,
        "names": Jsonb({"zh": seller.name}),
        "kind": seller.facts["company_type"],
        "country": "CN",
        "province": seller.facts["province"],
        "city": seller.town,
        "created_at": seller.contacted,
    }


def _lead(seller: Seller, company: int, person: int | None, reps: Sequence[int], dice: Dice) -> dict[str, Any]:
    reached = seller.stages[-1][0] if seller.stages else "contacted"
    taken = seller.won is not None or dice.happens(0.35, "taken", seller.number)
    return {
        "side": "seller",
        "source": SOURCE,
        "source_key": str(seller.number),
        "organisation_id": company,
        "person_id": person,
        "name": seller.name,
        "channel": seller.channel,
        "facts": Jsonb(seller.facts),
        "stage": "shop_open" if seller.won else "lost" if seller.ended else reached,
        "contacted_at": seller.contacted,
        "won_at": seller.won,
        "closed_at": seller.won or seller.ended,
        "owner_id": dice.one_of(reps, "owner", seller.number) if taken and reps else None,
        "created_at": seller.contacted,
    }


def _stages(seller: Seller, lead: int) -> Iterator[tuple[Any, ...]]:
    """After the first contact, to the open shop or to the end."""
    reached = [*seller.stages, ("shop_open", seller.won), ("lost", seller.ended)]
    return ((lead, stage, at, "sample data", "", at) for stage, at in reached if at is not None)


def _calls(seller: Seller, lead: int, reps: Sequence[int], dice: Dice, now: datetime) -> Iterator[tuple[Any, ...]]:
    """None to three calls in the first weeks, before it ended."""
    end = seller.won or seller.ended or now
    for place in range(int(dice.between(0, 4, "calls", seller.number))):
        at = seller.contacted + timedelta(days=dice.between(0.2, 20, "call", seller.number, place))
        if reps and at < end:
            caller = dice.one_of(reps, "caller", seller.number, place)
            yield lead, caller, "call", dice.pick(_OUTCOMES, "outcome", seller.number, place), "", at
