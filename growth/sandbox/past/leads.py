"""The sellers as leads: organisations, stages they reached, calls they had."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from growth.database.copying import ALIKE
from growth.leads.records import Activity, Lead, StageChange
from growth.people.records import Organisation
from growth.sandbox.dice import Dice
from growth.sandbox.past.sellers import Seller

SOURCE = "demo"
_OUTCOMES = {"no_answer": 0.4, "reached": 0.25, "call_back": 0.15, "interested": 0.15, "not_interested": 0.05}


def store(
    session: Session,
    sellers: Sequence[Seller],
    people: dict[str, int],
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
    session.execute(
        insert(StageChange),
        [row for one, lead in zip(fresh, leads, strict=True) for row in _stages(one, lead)],
    )
    session.execute(
        insert(Activity),
        [row for one, lead in zip(fresh, leads, strict=True) for row in _calls(one, lead, reps, dice, now)],
    )


def _stored(session: Session, record: type[Organisation] | type[Lead], rows: list[dict[str, Any]]) -> list[int]:
    """Store rows; gives their ids in the same order."""
    stored = insert(record).returning(record.id, sort_by_parameter_order=True)
    return list(session.scalars(stored, rows, execution_options=ALIKE))


def _organisation(seller: Seller) -> dict[str, Any]:
    return {
        "legal_name": seller.name,
        "names": {"zh": seller.name},
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
        "facts": seller.facts,
        "stage": "shop_open" if seller.won else "lost" if seller.ended else reached,
        "contacted_at": seller.contacted,
        "won_at": seller.won,
        "closed_at": seller.won or seller.ended,
        "owner_id": dice.one_of(reps, "owner", seller.number) if taken and reps else None,
        "created_at": seller.contacted,
    }


def _stages(seller: Seller, lead: int) -> Iterator[dict[str, Any]]:
    """After the first contact, to the open shop or to the end."""
    for stage, at in seller.stages:
        yield _stage(lead, stage, at)
    if seller.won:
        yield _stage(lead, "shop_open", seller.won)
    if seller.ended:
        yield _stage(lead, "lost", seller.ended)


def _stage(lead: int, stage: str, at: datetime) -> dict[str, Any]:
    return {"lead_id": lead, "stage": stage, "at": at, "by": "sample data", "reason": "", "recorded_at": at}


def _calls(seller: Seller, lead: int, reps: Sequence[int], dice: Dice, now: datetime) -> Iterator[dict[str, Any]]:
    """None to three calls in the first weeks, before it ended."""
    end = seller.won or seller.ended or now
    for place in range(int(dice.between(0, 4, "calls", seller.number))):
        at = seller.contacted + timedelta(days=dice.between(0.2, 20, "call", seller.number, place))
        if reps and at < end:
            yield {
                "lead_id": lead,
                "account_id": dice.one_of(reps, "caller", seller.number, place),
                "kind": "call",
                "outcome": dice.pick(_OUTCOMES, "outcome", seller.number, place),
                "note": "",
                "at": at,
            }
