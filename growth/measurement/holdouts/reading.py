"""Reading a hold-out: what failed to come where the channel rested, with its interval, and what one cost."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.database.changed_days import zone_of
from growth.experiments import proportions
from growth.experiments.holdouts.choosing import weeks_of
from growth.experiments.holdouts.estimating import LEVEL, Lost, estimate
from growth.experiments.holdouts.records import Holdout
from growth.experiments.holdouts.resting import held_out_sql
from growth.experiments.proportions import Share
from growth.measurement.holdouts.panels import came_in, cost_in, panel
from growth.measurement.holdouts.planning import KINDS

UNKNOWN = ""
"""The country of what came from nobody knows where: on neither side."""


def read(session: Session, found: Holdout, last: date) -> dict[str, Any] | None:
    """What it shows when it is counted to `last`; None where too little came to say anything.

    {"came", "expected", "lost", "low", "high", "share", "share_low", "share_high", "level", "weeks", "first", "last",
    "saved_minor"}; `lost` is what failed to come since the channel rested, `share` the same of what was expected.
    """
    return _of_people(session, found, last) if found.kind == "people" else _of_regions(session, found, last)


def _of_regions(session: Session, found: Holdout, last: date) -> dict[str, Any] | None:
    first = _first(found)
    past = panel(session, found.side, found.outcome, found.starts_on)
    came = came_in(session, found.side, found.outcome, first, last)
    off, on = _sides(found, {*past, *came})
    weeks = ((last - first).days + 1) // 7
    lost = estimate(weeks_of(past, off, on), _sum(came, off), _sum(came, on), weeks)
    if lost is None:
        return None
    return _told(found, last, lost) | {"saved_minor": _saved(session, found, (first, last), off, on)}


def _first(found: Holdout) -> date:
    return found.starts_on + timedelta(days=found.settle_days)


def _told(found: Holdout, last: date, lost: Lost) -> dict[str, Any]:
    first = _first(found)
    return asdict(lost) | {
        "share": lost.share(lost.lost),
        "share_low": lost.share(lost.low),
        "share_high": lost.share(lost.high),
        "level": LEVEL,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "weeks": ((last - first).days + 1) // 7,
    }


def _sides(found: Holdout, countries: Iterable[str]) -> tuple[list[str], list[str]]:
    known = sorted(set(countries) - {UNKNOWN})
    return [one for one in known if one in found.regions], [one for one in known if one not in found.regions]


def _sum(came: Mapping[str, float], countries: Iterable[str]) -> float:
    return sum(came.get(country, 0.0) for country in countries)


def _saved(session: Session, found: Holdout, days: tuple[date, date], off: list[str], on: list[str]) -> int | None:
    """What the channel would have cost where it rested, by its costs before and elsewhere, less what it did cost.

    None where that can't be told, such as when its costs name no country.
    """
    past = found.starts_on - timedelta(weeks=8), found.starts_on - timedelta(days=1)
    before, during = (cost_in(session, found.side, found.channel, *span) for span in (past, days))
    off_before, on_before, off_now, on_now = (
        sum(cost.get(country, 0) for country in side) for cost in (before, during) for side in (off, on)
    )
    if not off_before or not on_before or not on_now:
        return None
    return round(off_before * on_now / on_before - off_now)


def _of_people(session: Session, found: Holdout, last: date) -> dict[str, Any] | None:
    """Those known when it began, whatever reached them: the hash put them on their side."""
    zone, first = zone_of(session), _first(found)
    held, values = held_out_sql(found.id, found.percent or 0, "person.id")
    asked = {
        "side": found.side,
        "kinds": list(KINDS[found.side, found.outcome]),
        "begun": datetime.combine(found.starts_on, time(), zone),
        "first": datetime.combine(first, time(), zone),
        "last": datetime.combine(last + timedelta(days=1), time(), zone),
    }
    statement = text(f"""
        with done as materialized (
            select distinct person_id from conversion
            where occurred_at >= :first and occurred_at < :last and side = :side and kind = any(:kinds)
                and person_id is not null)
        select {held} as held, count(*), count(done.person_id)
        from person left join done on done.person_id = person.id where person.created_at < :begun group by 1
    """)  # noqa: S608 - the parts are ours
    sides = {one: Share(people, did) for one, people, did in session.execute(statement, asked | dict(values))}
    rested, others = sides.get(True, Share(0, 0)), sides.get(False, Share(0, 0))
    effect = proportions.difference(others, rested, LEVEL)
    if effect is None:
        return None
    lost, low, high = (part * rested.people for part in (effect.effect, effect.low, effect.high))
    both = {"rested": rested.people, "others": others.people, "others_did": others.did}
    told = _told(found, last, Lost(rested.did, others.rate * rested.people, lost, low, high))
    return told | {"people": both, "saved_minor": None}
