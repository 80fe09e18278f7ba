"""Funnels and cohorts as pages read them: true shares, open weeks, and a bounded look at the roll-ups."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import Connection

from growth.database.engine import transaction
from growth.measurement.funnels.knowing import know
from growth.measurement.funnels.reading import WITHIN, Cell, cohort_of, cohorts, funnel, funnels, steps_of
from growth.measurement.funnels.steps import STEPS
from growth.measurement.funnels.walkers import walkers
from growth.measurement.one_channel import countries_of, languages_of
from growth.measurement.periods import Period
from growth.measurement.sums import Cut

TODAY = date(2026, 11, 24)
MONDAY = date(2026, 11, 23)
WEEK = timedelta(days=7)


@given(st.lists(st.integers(0, 10**12), min_size=5, max_size=5))
def test_shares_multiply_to_the_whole_and_losses_add_up(counts: list[int]) -> None:
    counts.sort(reverse=True)
    steps = steps_of("buyer", dict(zip(STEPS["buyer"], counts, strict=True)))
    assert steps[0].of_step_before is None
    assert sum(one.lost for one in steps) == counts[0] - counts[-1]
    for before, one in pairwise(steps):
        if before.people:
            assert one.of_step_before == Decimal(one.people) / before.people <= 1
        assert one.of_first <= before.of_first <= 1


@given(st.dictionaries(st.integers(1, 30), st.integers(1, 100), max_size=12), st.integers(0, 20))
def test_a_cohort_only_grows_and_shows_one_open_share(ordered: dict[int, int], back: int) -> None:
    found = cohort_of(MONDAY - WEEK * back, ordered | {0: 10_000}, TODAY)
    shares = [cell.share for cell in found.cells if cell.share is not None]
    assert shares == sorted(shares)
    assert sum(not cell.over for cell in found.cells if cell.share is not None) <= 1
    assert [cell.over for cell in found.cells] == sorted((cell.over for cell in found.cells), reverse=True)
    # Those of the last day of the week have their weeks too.
    assert all(
        cell.over == (MONDAY - WEEK * back + WEEK * cell.weeks + timedelta(days=6) < TODAY) for cell in found.cells
    )


def test_a_cohort_of_nobody_has_no_shares() -> None:
    cells = cohort_of(MONDAY - WEEK * 20, {}, TODAY).cells
    assert cells == [Cell(weeks, None, over=True) for weeks in WITHIN]


FILLS = (
    """
    insert into step_day (side, channel, day, country, language, step, people)
    select 'buyer', channel, date '2026-11-24' - back, country, language, step, 1000000
    from unnest(array['seo', 'email', 'direct', 'paid_search', 'affiliates']) channel,
        generate_series(0, 179) back, (select '*' union all select 'C' || generate_series(10, 29)) as places (country),
        unnest(array['*', 'en']) language,
        unnest(array['visited', 'registered']) step
    """,
    """
    insert into cohort_week (side, channel, week, country, language, within, people)
    select 'buyer', channel, date '2026-11-23' - 7 * back, country, '*', within, 1000000
    from unnest(array['seo', 'email', 'direct']) channel, generate_series(0, 99) back,
        (select '*' union all select 'C' || generate_series(10, 29)) as places (country), generate_series(0, 12) within
    """,
    """
    insert into touch (occurred_at, event_id, side, channel, kind, person_id, visitor, rules_version)
    select timestamptz '2026-11-24 12:00Z' - place * interval '1 minute', gen_random_uuid(), 'buyer', 'seo',
        'click', case when place % 2 = 0 then place % 5000 end, md5((place % 7000)::text)::uuid, 1
    from generate_series(1, 20000) place
    """,
    """
    insert into conversion (kind, source_key, side, occurred_at, person_id, visitor)
    select 'registration', 'k' || place, 'buyer', timestamptz '2026-11-24 12:00Z' - place * interval '1 minute',
        place, md5((place % 7000)::text)::uuid
    from generate_series(1, 5000) place
    """,
    """
    insert into lead (side, source, source_key, name, channel, stage, contacted_at, created_at)
    select 'seller', 't', 'k' || place, 'Maker', 'members', 'contacted', now(), now()
    from generate_series(1, 3000) place
    """,
    """
    insert into way (side, who, entered, reached, channels, country, language)
    select 'buyer', 'p' || place, date '2026-11-24' - place % 180, 1 + place % 5, '{"seo": 1000000}', 'RU', 'ru'
    from generate_series(1, 5000) place
    """,
    "analyze way, step_day, cohort_week, touch, conversion, lead",
)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Both roll-ups of half a year, five channels, twenty countries and two languages; and what the ways are from."""
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for fill in FILLS:
            connection.execute(text(fill))
    return engine


@contextmanager
def explained(engine: Engine) -> Iterator[list[str]]:
    """The plans of all that is selected meanwhile."""
    plans: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if statement.lstrip().lower().startswith("select"):
            cursor = connection.connection.cursor()
            cursor.execute(f"explain {statement}", parameters)  # type: ignore[arg-type]
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    event.listen(engine, "before_cursor_execute", note)
    yield plans
    event.remove(engine, "before_cursor_execute", note)


def test_a_page_and_a_step_of_the_job_look_at_what_they_need_alone(filled: Engine) -> None:
    cut, period = Cut("buyer"), Period(TODAY - timedelta(days=27), TODAY)
    with explained(filled) as plans, transaction(filled) as session:
        assert funnel(session, "seo", cut, period)[0].people == 28 * 10**6
        assert len(funnels(session, Cut("buyer", "C12", "en"), period)) == 5
        assert cohorts(session, "seo", cut, TODAY, TODAY)[0].people == 10**6
        assert countries_of(session, cut, "seo", period) == []
        assert languages_of(session, Cut("buyer", "RU"), "seo", period) == []
        walkers(session, "seo", cut, period, "registered", after=None, limit=50)
        know(session, [("buyer", "p12"), ("buyer", "v5d1f2d6a-0f0b-4d8b-9d5b-1e1b0a5c7d0e"), ("seller", "l4")])
    assert len(plans) >= 8
    for plan in plans:
        for table in (
            "step_day",
            "cohort_week",
            "touch",
            "conversion",
            "lead",
            "channel_day",
            "channel_day_total",
            "way",
        ):
            assert f"Seq Scan on {table} " not in plan, plan
