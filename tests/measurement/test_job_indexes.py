"""What the jobs of the report ask of filled tables: each looks up what it needs, and walks through no large table."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from growth.attribution.crediting import credit
from growth.campaigns.costing import cost_messages
from growth.database.engine import transaction
from growth.events.visitors import forget_salts
from growth.experiments.holdouts.records import Holdout
from growth.measurement.anomalies.watching import watch
from growth.measurement.funnels.walking import walk
from growth.measurement.holdouts.running import begin_due, look_at_next
from growth.spend.currencies import Rate, record_rates
from growth.spend.records import Price
from tests.attribution.happened import PAID, found, happen, people, sold
from tests.campaigns.comparing import run_of
from tests.campaigns.planned import make
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
MANY = 30_000
FEW = 2_000
"""Rows of a table that may be walked through: of so few the planner rightly asks no index."""
_FILL = (
    "insert into person (locale, created_at) select 'en', :now from generate_series(1, :many)",
    """insert into delivery (campaign_run_id, person_id, locale, state, accepted_at)
        select :run, id, 'en', 'delivered', :now - id * interval '30 minutes' from person""",
    """insert into conversion (kind, source_key, side, occurred_at, person_id, value_minor, currency)
        select 'order', 'past ' || id, 'buyer', :now - id * interval '30 minutes', id, 990, 'USD' from person""",
    """insert into credit (conversion_id, model, position, channel, share, value_minor)
        select id, 'last_touch:1', 0, 'seo', 1000000, 990 from conversion""",
    """insert into touch (occurred_at, event_id, side, channel, kind, visitor, rules_version)
        select :now - n * interval '30 minutes', gen_random_uuid(), 'buyer', 'seo', 'click', gen_random_uuid(), 1
        from generate_series(1, :many) n""",
    """insert into channel_day (day, side, channel, country, touches, acquired)
        select cast(:now as date) - n % 1000, 'buyer', 'seo', 'C' || n / 1000, 5, 1000000
        from generate_series(1, :many) n""",
    """insert into cost (source, source_key, day, side, channel, amount_minor, currency, recorded_at)
        select 'test', cast(n as text), cast(:now as date) - n % 1000, 'buyer', 'seo', 5, 'USD', :now
        from generate_series(1, :many) n""",
    """insert into visitor_identity (visitor, person_id, rests_on, at)
        select gen_random_uuid(), id, 'token', :now from person""",
)


def filled(engine: Engine) -> int:
    """Two years of everything, credited and rolled up; gives somebody without a past."""
    found(engine, NOON)
    (buyer,) = people(engine, NOON, 1)
    with transaction(engine) as session:
        run = run_of(session, make(session), due_at=NOON)
        for statement in _FILL:
            session.execute(text(statement), {"now": NOON, "many": MANY, "run": run.id})
        session.merge(Price(kind="email", since=(NOON - 900 * DAY).date(), amount_minor=40, currency="USD"))
        dates = {"starts_on": NOON.date() - 40 * DAY, "ends_on": NOON.date() - 5 * DAY}
        session.add(Holdout(**_holdout(), **dates))
        record_rates(session, "USD", [Rate("BRL", NOON.date() - 9 * DAY, Decimal("0.2"))], NOON)
        for due in ("way_due", "channel_day_due"):
            session.execute(text(f"delete from {due}"))
    with engine.begin() as connection:
        connection.execute(text("analyze"))
    return buyer


def _holdout() -> dict[str, Any]:
    return {
        "name": "Search rests", "kind": "regions", "side": "buyer", "channel": "seo", "outcome": "acquired",
        "regions": ["C1"], "percent": 30, "settle_days": 7, "weeks": 4, "plan": {},
        "created_at": NOON, "created_by": "me",
    }  # fmt: skip


def walked_through(session: Session) -> dict[str, int]:
    """Rows read without an index in this transaction, by table; a partition counts as its table."""
    rows = session.execute(text("select relname, seq_tup_read from pg_stat_xact_user_tables where seq_tup_read > 0"))
    return {table: count for table, count in rows if count > FEW}


def test_no_job_walks_through_a_large_table(engine: Engine) -> None:
    buyer = filled(engine)
    happen(
        engine, NOON,
        happening("t", NOON - 2 * DAY, properties=PAID, person_id=buyer),
        happening("o", NOON - DAY, kind="order", person_id=buyer, properties=sold("1", 990)),
        happening("r", NOON, kind="refund", properties=sold("1", 100, currency="BRL")),
        happening("o2", NOON - 3 * DAY, kind="order", person_id=buyer, properties=sold("past 7", 990)),
    )  # fmt: skip
    steps: list[Callable[[Session, datetime, Any, int], object]] = [
        credit, walk, lambda session, now, *_: cost_messages(session, now),
        lambda session, now, *_: watch(session, now), begin_due, look_at_next, forget_salts,
    ]  # fmt: skip
    for step in steps:
        with transaction(engine) as session:
            step(session, NOON, None, 100)
            assert walked_through(session) == {}, step
