"""The ways kept: those of whom something changed are looked at again, and the roll-ups moved by the difference."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import product

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from growth.database.changed_days import zone_of
from growth.database.workspace import workspace
from growth.measurement.funnels.judging import Walked, walked
from growth.measurement.funnels.knowing import Whose, know
from growth.measurement.funnels.steps import STEPS
from growth.measurement.sums import ALL
from growth.scheduling.run import Step

# One at a time, so that a difference is always to what the other has written.
_ALONE = text("select pg_advisory_xact_lock(hashtext('way'))")
_TAKE_DUE = text("""
    with taken as (
        delete from way_due where id in (select id from way_due order by id limit :size for update skip locked)
        returning side, who
    )
    select distinct side, who from taken order by side, who
""")
_KEEP = text("""
    insert into way (side, who, entered, reached, channels, country, language, week, within)
    select side, who, entered, reached, channels, country, language, week, within
    from jsonb_to_recordset(cast(:ways as jsonb)) as given (
        side text, who text, entered date, reached bigint, channels jsonb, country text, language text, week date,
        within bigint)
    on conflict (side, who) do update set
        entered = excluded.entered, reached = excluded.reached, channels = excluded.channels,
        country = excluded.country, language = excluded.language, week = excluded.week, within = excluded.within
""")
_KNOWN = text("""
    select side, who, entered, reached, channels, country, language, week, within
    from way join jsonb_to_recordset(cast(:whom as jsonb)) as asked (side text, who text) using (side, who)
""")
_FORGET = text("""
    delete from way using jsonb_to_recordset(cast(:whom as jsonb)) as gone (side text, who text)
    where way.side = gone.side and way.who = gone.who
""")
# Alone, so that none is added by another meanwhile; a row that is left with nobody goes.
_MERGE = """
    merge into {table} as kept using (
        select * from jsonb_to_recordset(cast(:moves as jsonb)) as given (
            side text, channel text, country text, language text, {typed}, people bigint)
    ) as moved
    on {same}
    when matched and kept.people + moved.people = 0 then delete
    when matched then update set people = kept.people + moved.people
    when not matched then insert ({names}, people) values ({given}, moved.people)
"""


def _merge(table: str, typed: Mapping[str, str]) -> TextClause:
    names = ["side", "channel", "country", "language", *typed]
    return text(_MERGE.format(
        table=table,
        typed=", ".join(f"{name} {kind}" for name, kind in typed.items()),
        same=" and ".join(f"kept.{name} = moved.{name}" for name in names),
        names=", ".join(names),
        given=", ".join(f"moved.{name}" for name in names),
    ))  # fmt: skip


_MOVE_STEPS = _merge("step_day", {"day": "date", "step": "text"})
_MOVE_COHORTS = _merge("cohort_week", {"week": "date", "within": "bigint"})
_NAMES = ("side", "channel", "country", "language")
_STEP = (*_NAMES, "day", "step")
_COHORT = (*_NAMES, "week", "within")

Place = tuple[str, str, str, str, date, str | int]
"""A row of a roll-up: side, channel, country, language, day and step, or week and within."""


def walk(session: Session, _now: datetime, _after: object, size: int) -> Step:
    """Look again at those of the next `size` changes; one transaction, safe to repeat, and one at a time.

    What it costs hangs on how many changed, not on how many there are, nor on how long ago they entered.
    """
    if workspace(session) is None:
        return Step(done=0)
    session.execute(_ALONE)
    due = [(side, who) for side, who in session.execute(_TAKE_DUE, {"size": size})]
    if not due:
        return Step(done=0)
    before, zone = _kept(session, due), zone_of(session)
    after = {whose: way for whose, known in know(session, due).items() if (way := walked(known, zone))}
    changed = {whose for whose in due if before.get(whose) != after.get(whose)}
    _keep(session, {whose: way for whose, way in after.items() if whose in changed})
    _forget(session, [whose for whose in changed if whose not in after])
    steps, cohorts = difference({whose: (before.get(whose), after.get(whose)) for whose in changed})
    _move(session, _MOVE_STEPS, _STEP, steps)
    _move(session, _MOVE_COHORTS, _COHORT, cohorts)
    return Step(done=len(due), next="due")


def start_over(session: Session) -> None:
    """Have all looked at again, after the workspace's time zone changed."""
    session.execute(text("insert into way_due (side, who) select side, who from way"))


def difference(
    changed: Mapping[Whose, tuple[Walked | None, Walked | None]],
) -> tuple[Mapping[Place, int], Mapping[Place, int]]:
    """What ways before and after mean for the roll-ups of steps and of cohorts, in millionths of people. Pure."""
    steps, cohorts = Counter[Place](), Counter[Place]()
    ways = ((side, way, sign) for (side, _), both in changed.items() for way, sign in zip(both, (-1, 1), strict=True))
    for side, way, sign in ways:
        if way is None:
            continue
        for place, share in _places(side, way):
            for step in list(STEPS[side])[: way.reached]:
                steps[*place, way.entered, step] += sign * share
            if way.week is not None:
                for within in {0, way.within or 0}:
                    cohorts[*place, way.week, within] += sign * share
    return steps, cohorts


def _places(side: str, way: Walked) -> Iterator[tuple[tuple[str, str, str, str], int]]:
    """Where a way is counted, with its share: by country and language, and in all of either or both."""
    for channel, share in way.channels.items():
        for country, language in product({way.country, ALL}, {way.language, ALL}):
            yield (side, channel, country, language), share


def _kept(session: Session, whom: Collection[Whose]) -> dict[Whose, Walked]:
    return {(side, who): Walked(*way) for side, who, *way in session.execute(_KNOWN, _named(whom))}


def _keep(session: Session, ways: Mapping[Whose, Walked]) -> None:
    rows = [
        {"side": side, "who": who} | {name: getattr(way, name) for name in Walked.__slots__}
        for (side, who), way in ways.items()
    ]
    if rows:
        session.execute(_KEEP, {"ways": orjson.dumps(rows).decode()})


def _forget(session: Session, whom: Collection[Whose]) -> None:
    if whom:
        session.execute(_FORGET, _named(whom))


def _named(whom: Collection[Whose]) -> dict[str, str]:
    return {"whom": orjson.dumps([{"side": side, "who": who} for side, who in whom]).decode()}


def _move(session: Session, statement: TextClause, names: Sequence[str], moved: Mapping[Place, int]) -> None:
    rows = [dict(zip(names, place, strict=True)) | {"people": people} for place, people in moved.items() if people]
    if rows:
        session.execute(statement, {"moves": orjson.dumps(rows).decode()})
