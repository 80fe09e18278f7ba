"""A day counted again, beside one plain GROUP BY of the same figures, with histories ten times apart."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, text

from bench import Figure
from bench.people_import import fresh_database
from growth.database.changed_days import bounds, mark_changed, zone_of
from growth.database.embedded import EmbeddedServer, borrowed
from growth.database.engine import make_engine, transaction
from growth.database.workspace import Workspace
from growth.measurement.funnels.walking import walk
from growth.measurement.languages import LANGUAGE
from growth.measurement.rolling_up import roll_up

HISTORIES = (20, 200)
"""Days."""
TURNS = 9
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 14)
CONTACTS, BOUGHT, PEOPLE = 9_000, 1_500, 100_000
"""A day's contacts with channels, and its registrations and orders; together what some 27,000 events bring."""

_COUNTRY = "(array['RU', 'US', 'BR', 'CN', 'IN', 'MX', 'ES', 'KZ', 'PL', 'FR'])[1 + {n} / 7 % 10]"
_CHANNEL = "(array['parent_referral', 'seo', 'paid_search', 'affiliates', 'email'])[1 + {n} % 5]"
_FILL = (
    "set local session_replication_role = replica",  # what triggers keep is written by the roll-up itself
    """insert into person (locale, country, created_at)
        select (array['ru', 'pt-BR', 'en', 'zh-CN', 'de'])[1 + n % 5], 'RU', :now from generate_series(1, :people) n""",
    f"""insert into touch (occurred_at, event_id, side, channel, kind, person_id, visitor, country, rules_version)
        select :now - (n + 0.5) * interval '1 day' / :contacts, gen_random_uuid(), 'buyer', {_CHANNEL.format(n="n")},
            'click', case when n % 3 > 0 then 1 + n * 7919 % :people end, gen_random_uuid(), {_COUNTRY.format(n="n")}, 1
        from generate_series(0, cast(:days as bigint) * :contacts - 1) n""",
    f"""insert into conversion (kind, source_key, side, occurred_at, person_id, country, value_minor, currency)
        select (array['registration', 'first_order', 'order'])[1 + n % 3], cast(n as text), 'buyer',
            :now - (n + 0.5) * interval '1 day' / :bought, 1 + n * 7919 % :people, {_COUNTRY.format(n="n")}, 2500, 'USD'
        from generate_series(0, cast(:days as bigint) * :bought - 1) n""",
    f"""insert into credit (conversion_id, model, position, channel, share, value_minor)
        select id, 'last_touch:1', 0, {_CHANNEL.format(n="id")}, 1000000, value_minor from conversion""",
    """insert into cost (source, source_key, day, side, channel, country, amount_minor, currency, recorded_at)
        select 'bench', day || channel || country, day, 'buyer', channel, country, 5000, 'USD', :now
        from generate_series(cast(:now as date) - cast(:days as int), cast(:now as date), interval '1 day') as day,
            unnest(array['paid_search', 'affiliates', 'email']) as channel, unnest(array['RU', 'US', 'BR']) country""",
)  # fmt: skip
_PLAIN = text(f"""
    select channel, country, language, sum(touches), sum(share) filter (where kind = 'registration'),
        sum(share) filter (where kind = 'first_order'), sum(value_minor)
    from (
        select channel, touch.country, {LANGUAGE} as language, 1 as touches, '' as kind, 0 as share, 0 as value_minor
        from touch left join person on person.id = person_id
        where side = 'buyer' and kind = 'click' and occurred_at >= :starts and occurred_at < :ends
        union all
        select credit.channel, conversion.country, {LANGUAGE}, 0, kind, share, credit.value_minor
        from conversion join credit on conversion_id = conversion.id left join person on person.id = person_id
        where side = 'buyer' and occurred_at >= :starts and occurred_at < :ends
    ) as told
    group by 1, 2, 3
""")
_CHANGED = text("""
    insert into way_due (side, who) select distinct side, 'p' || person_id from conversion
    where occurred_at >= :starts and occurred_at < :ends
""")


def run() -> list[Figure]:
    """The same day in both histories, which take turns, so that what else the machine does weighs on all sides."""
    with ExitStack() as stack:
        engines = {days: stack.enter_context(_history(days)) for days in HISTORIES}
        spent: dict[tuple[int, str], list[float]] = {}
        for turn in range(TURNS + 1):
            for days, engine in engines.items():
                for side, seconds in _turn(engine).items() if turn else _turn(engine, nothing=True).items():
                    spent.setdefault((days, side), []).append(seconds * 1_000)
    took = {key: statistics.median(ones) for key, ones in spent.items()}
    figures = [
        Figure(
            f"a day counted again, history of {days} days", took[days, "ours"], "ms", "GROUP BY of the same figures",
            took[days, "plain"], 3, note=f"{CONTACTS:,} contacts, {BOUGHT:,} conversions; "
            f"ways of those who converted looked at again: {took[days, 'walk']:.0f} ms",
        )
        for days in HISTORIES
    ]  # fmt: skip
    short, long = (took[days, "ours"] for days in HISTORIES)
    return [*figures, Figure("history ten times as long", long, "ms", "the shorter history", short, 1.3)]


def _turn(engine: Engine, *, nothing: bool = False) -> dict[str, float]:
    """Seconds of each side, the first time not counted."""
    with transaction(engine) as session:
        starts, ends = bounds(DAY, zone_of(session))
        asked = {"starts": starts, "ends": ends}
        mark_changed(session, [(DAY, "buyer")])
        session.execute(_CHANGED, asked)
    took = {
        "ours": _took(lambda: _all(engine, roll_up)),
        "plain": _took(lambda: _grouped(engine, asked)),
        "walk": _took(lambda: _all(engine, walk)),
    }
    return {} if nothing else took


@contextmanager
def _history(days: int) -> Iterator[Engine]:
    """So many days until now, each alike, rolled up once as they would be."""
    with TemporaryDirectory() as folder, borrowed(Path(folder) / "home"):
        engine = make_engine(fresh_database(EmbeddedServer(Path(folder) / "home"), "rollup"))
        _fill(engine, days)
        yield engine
        engine.dispose()


def _fill(engine: Engine, days: int) -> None:
    asked = {"now": NOW, "days": days, "contacts": CONTACTS, "bought": BOUGHT, "people": PEOPLE}
    sender = {"sender_name": "Bench", "sender_email": "bench@example.com"}
    with transaction(engine) as session:
        session.add(Workspace(name="Bench", time_zone="UTC", currency="USD", set_up_at=NOW, **sender))
    with engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement), asked)
    with transaction(engine) as session:
        mark_changed(session, [(NOW.date() - timedelta(days=back), "buyer") for back in range(days + 1)])
    _all(engine, roll_up)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _all(engine: Engine, step: Callable[..., Any]) -> None:
    """As the job does it."""
    after: object = None
    while True:
        with transaction(engine) as session:
            after = step(session, NOW, after, 30 if step is roll_up else 1_000).next
        if after is None:
            return


def _grouped(engine: Engine, asked: dict[str, datetime]) -> None:
    with transaction(engine) as session:
        session.execute(_PLAIN, asked).all()


def _took(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
