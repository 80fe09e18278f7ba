"""How many are in an audience and who, for instance: exactly where that is quick, else by a sample, never for long."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.expanding import expanded
from growth.errors import TransientError
from growth.locales import N_
from growth.people.reading import names_of
from growth.people.records import Person

EXACT_UP_TO = 20_000
"""People in all up to whom the first answer is exact."""
BLOCKS, BLOCK = 400, 8
"""A sample is so many blocks of so many neighbours: random, and few pages of the table."""
SHOWN = 8
FIRST_ANSWER_SECONDS = 2
EXACT_SECONDS = 20


@dataclass(frozen=True)
class Count:
    """How many people; by a sample, `margin` is two standard errors either way."""

    people: int
    exact: bool
    margin: int
    shown: tuple[int, ...]
    """Some of them, by number, picked at random."""


@dataclass(frozen=True)
class Shown:
    """Somebody in it; the name is unsealed."""

    person_id: int
    name: str | None
    country: str | None
    locale: str | None


def live(session: Session, conditions: Mapping[str, Any], *, seed: int, now: datetime) -> Count:
    """The first answer, at any number of people about as quick; `seed` picks whom it looks at.

    Raises InvalidError as `expanding.expanded` does, TransientError when it takes too long.
    """
    first, last = session.execute(select(func.min(Person.id), func.max(Person.id))).one()
    if first is None:
        return Count(0, exact=True, margin=0, shown=())
    wanted = compiled(expanded(session, conditions), now=now)
    if last - first < EXACT_UP_TO:
        with _no_longer_than(session, FIRST_ANSWER_SECONDS):
            people, shown = session.execute(text(_counted(wanted.where, "true")), wanted.values | {"seed": seed}).one()
        return Count(people, exact=True, margin=0, shown=tuple(shown))
    looked_at = _blocks(first, last, seed)
    values = wanted.values | {"seed": seed, "ids": looked_at}
    with _no_longer_than(session, FIRST_ANSWER_SECONDS):
        among = "person.id = any(cast(:ids as bigint[]))"
        found, shown = session.execute(text(_counted(wanted.where, among)), values).one()
    return _estimated(found, len(looked_at), last - first + 1, tuple(shown))


def _counted(where: str, among: str) -> str:
    return f"""
        with found as materialized (select person.id from person where {among} and {where})
        select (select count(*) from found),
            array(select id from found order by hashint8extended(id, :seed), id limit {SHOWN})
    """  # noqa: S608 - compiled, with values bound


def _blocks(first: int, last: int, seed: int) -> list[int]:
    """Numbers in blocks, each once."""
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    starts = draw.sample(range((last - first) // BLOCK + 1), BLOCKS)
    return [number for start in sorted(starts) for number in range(first + start * BLOCK, first + (start + 1) * BLOCK)]


def _estimated(found: int, looked_at: int, numbers: int, shown: tuple[int, ...]) -> Count:
    """From so many found among so many numbers, of all numbers that were ever given to people."""
    share = found / looked_at
    error = sqrt(max(share * (1 - share), 1 / looked_at) / looked_at)
    return Count(round(share * numbers), exact=False, margin=round(2 * error * numbers), shown=shown)


def exact(session: Session, conditions: Mapping[str, Any], now: datetime) -> int:
    """How many exactly. Raises TransientError when it takes too long."""
    wanted = compiled(expanded(session, conditions), now=now, whole=True)
    with _no_longer_than(session, EXACT_SECONDS):
        people: int = session.execute(text(bare(wanted.where)), wanted.values).scalar_one()
    return people


def bare(where: str) -> str:
    """The statement that counts."""
    return f"select count(*) from person where {where}"  # noqa: S608 - likewise


def some(session: Session, conditions: Mapping[str, Any], *, seed: int, now: datetime) -> tuple[int, ...]:
    """Some of few people, whom a sample doesn't meet. Raises TransientError when it takes too long."""
    wanted = compiled(expanded(session, conditions), now=now, whole=True)
    with _no_longer_than(session, EXACT_SECONDS):
        found = session.execute(text(_counted(wanted.where, "true")), wanted.values | {"seed": seed}).one()
    return tuple(found[1])


def people_of(session: Session, numbers: tuple[int, ...]) -> list[Shown]:
    """Who they are, in the same order."""
    rows = session.execute(select(Person.id, Person.country, Person.locale).where(Person.id.in_(numbers)))
    found, names = {row.id: row for row in rows}, names_of(session, numbers)
    return [
        Shown(number, names.get(number), found[number].country, found[number].locale)
        for number in numbers
        if number in found
    ]


@contextmanager
def _no_longer_than(session: Session, seconds: int) -> Iterator[None]:
    """What takes longer is stopped by the database; what the transaction did before stays.

    With memory for sets of a million, and without compiling a plan that is used once.
    """
    try:
        with session.begin_nested():
            session.execute(
                text("""
                    select set_config('statement_timeout', :limit, true), set_config('work_mem', '64MB', true),
                        set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
                """),
                {"limit": f"{seconds}s"},
            )
            yield
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        raise TransientError(
            N_("Counting takes too long just now."), remedy=N_("Try again, or use conditions that narrow more.")
        ) from None
    session.execute(text("set local statement_timeout = 0"))
