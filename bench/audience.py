"""Audiences over a million people: five conditions beside the count an engineer would write, and the first answer."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench import Figure
from bench.people_import import fresh_database
from growth.campaigns.audiences.conditions import Node, checked
from growth.campaigns.audiences.counting import exact, live, people_of
from growth.campaigns.audiences.fields import FIELDS
from growth.database.embedded import EmbeddedServer, borrowed
from growth.database.engine import make_engine

PEOPLE = 1_000_000
ROUNDS = 5
AUDIENCES = 50
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

FIVE: Node = {
    "all": [
        {"field": "language", "op": "in", "value": ["ru", "pt_BR"]},
        {"field": "country", "op": "in", "value": ["RU", "BR"]},
        {"field": "permission", "op": "granted", "value": {"purpose": "marketing", "bases": []}},
        {"field": "event", "op": "did", "value": {"kind": "order", "times": 1, "days": 90}},
        {"field": "message", "op": "did_not", "value": {"step": "clicked", "campaigns": [], "days": 30}},
    ]
}
BARE = """
    select count(*) from person
    join consent on consent.person_id = person.id and consent.purpose = 'marketing' and consent.channel = 'email'
        and consent.granted
    where person.locale in ('ru', 'pt-BR') and person.country in ('RU', 'BR')
        and exists (select from event where event.person_id = person.id and event.kind = 'order'
            and event.occurred_at >= :now - interval '90 days')
        and not exists (select from delivery where delivery.person_id = person.id
            and delivery.clicked_at >= :now - interval '30 days')
"""

_FILL = (
    "set session_replication_role = replica",  # no triggers: what they keep isn't read here
    """insert into person (locale, country, created_at)
        select (array['ru', 'pt-BR', 'en', 'zh-CN'])[1 + n % 4], (array['RU', 'BR', 'US', 'CN', 'IN'])[1 + n * 7 % 5],
            :now - n % 900 * interval '1 day'
        from generate_series(1, :people) n""",
    """insert into consent (person_id, purpose, channel, granted, basis, at)
        select id, 'marketing', 'email', id % 10 < 7, 'consent', :now from person""",
    """insert into mailing_list (key, side, purpose, names, created_by, created_at)
        values ('news', 'buyer', 'marketing', '{"en": "News"}', 'bench', :now)""",
    """insert into list_member (list_id, person_id, state, source, at)
        select mailing_list.id, person.id, case person.id % 9 when 0 then 'left' else 'subscribed' end, 'bench', :now
        from mailing_list, person where person.id % 3 = 0""",
    """insert into event (occurred_at, event_id, kind, source, side, person_id)
        select :now - random() * interval '170 days', gen_random_uuid(),
            (array['order', 'page_view', 'page_view', 'registration'])[1 + n % 4], 'bench', 'buyer',
            1 + floor(power(random(), 2) * :people)
        from generate_series(1, :people) n""",
    """insert into conversion (kind, source_key, side, occurred_at, person_id, value_minor, currency)
        select kind, event_id::text, 'buyer', occurred_at, person_id, 1000 + random() * 20000, 'USD'
        from event where kind = 'order'""",
    """insert into campaign (name, side, purpose, message, audience, state, created_by, created_at)
        select 'Campaign ' || n, 'buyer', 'marketing', 'welcome_buyer', '{"all": []}', 'sent', 'bench', :now
        from generate_series(1, 3) n""",
    """insert into campaign_run (campaign_id, due_at, state)
        select id, :now - id * interval '20 days', 'sent' from campaign""",
    """insert into delivery (campaign_run_id, person_id, locale, state, accepted_at, opened_at, clicked_at)
        select run.id, person.id, 'en', 'delivered', run.due_at,
            case when (person.id * 31 + run.id) % 5 = 0 then run.due_at + interval '1 hour' end,
            case when (person.id * 31 + run.id) % 25 = 0 then run.due_at + interval '2 hours' end
        from campaign_run run, person where (person.id + run.id) % 3 = 0""",
    """insert into lead (side, source, source_key, person_id, name, channel, stage, contacted_at, created_at)
        select 'seller', 'bench', id, id, 'Bench', 'import', (array['contacted', 'qualified', 'lost'])[1 + id % 3],
            :now, :now
        from person where id % 20 = 0""",
)


def run() -> list[Figure]:
    """Both, on a fresh embedded database."""
    with TemporaryDirectory() as folder, borrowed(Path(folder) / "home"):
        engine = make_engine(fresh_database(EmbeddedServer(Path(folder) / "home"), "audience"))
        fill(engine)
        ours, bare, people = counts(engine)
        answers = sorted(first_answers(engine))
        engine.dispose()
    p95 = answers[int(len(answers) * 0.95) - 1]
    note = f"{people:,} of {PEOPLE:,} people; the best of {ROUNDS} each, in turn"
    median = f"median {statistics.median(answers):.3f} s, longest {answers[-1]:.3f} s, {AUDIENCES} audiences"
    return [
        Figure("audience of five conditions over 1 M", ours, "s", "bare SQL count", bare, 2, note=note),
        Figure("first answer of an audience at 1 M, p95", p95, "s", "limit", 0.3, note=median),
    ]


def fill(engine: Engine) -> None:
    """A million people with what they did."""
    with engine.begin() as connection:
        for month in range(8):
            connection.execute(text("select ensure_month('event', :at)"), {"at": NOW - timedelta(days=30 * month)})
        for statement in _FILL:
            connection.execute(text(statement), {"now": NOW, "people": PEOPLE})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def counts(engine: Engine) -> tuple[float, float, int]:
    """Seconds of ours and of the bare count, and how many both find."""
    ours: list[float] = []
    bare: list[float] = []
    found: set[int] = set()
    # In turn, and the best of each: other work on the machine then slows down both or neither.
    for _ in range(ROUNDS):
        with Session(engine) as session:
            ours.append(_seconds(lambda: found.add(exact(session, checked(FIVE), NOW))))
            bare.append(_seconds(lambda: found.add(_bare(session))))
            session.rollback()
    if len(found) != 1:
        raise RuntimeError(f"the two counts differ: {found}")
    return min(ours), min(bare), found.pop()


def _bare(session: Session) -> int:
    people: int = session.execute(text(BARE), {"now": NOW}).scalar_one()
    return people


def first_answers(engine: Engine) -> Iterator[float]:
    """Seconds of the first answer for audiences of one to five conditions, names of people included."""
    dice = random.Random(3)
    leaves = list(_leaves())
    for number in range(AUDIENCES):
        chosen = dice.sample(leaves, 1 + number % 5)
        tree = checked({"any" if number % 7 == 6 else "all": chosen})
        with Session(engine) as session:
            yield _seconds(lambda: _answer(session, tree, number))  # noqa: B023 - called at once
            session.rollback()


def _answer(session: Session, tree: Node, seed: int) -> None:
    people_of(session, live(session, tree, seed=seed, now=NOW).shown)


def _leaves() -> Iterator[Node]:
    """Single conditions of every kind that this database has something of."""
    values: dict[str, tuple[Any, ...]] = {
        "language": (["ru"], ["en", "zh_CN"]),
        "country": (["RU"], ["CN", "IN"]),
        "joined": (30, 400),
        "side": (["seller"],),
        "permission": ({"purpose": "marketing"},),
        "list": (["news"],),
        "left_list": (["news"],),
        "suppressed": (None,),
        "event": ({"kind": "order", "days": 90}, {"kind": "page_view", "times": 3}, {"kind": "order", "times": 2}),
        "spent": ({"amount_minor": 10_000, "currency": "USD", "days": 180},),
        "message": (
            {"step": "clicked", "days": 30},
            {"step": "opened", "campaigns": [1, 2]},
            {"step": "sent", "days": 25},
        ),
        "unopened": (1, 2),
        "lead_stage": (["qualified"],),
        "lead_score": (10,),
    }
    for name, chosen in values.items():
        for value in chosen:
            for operator in (FIELDS[name].yes, FIELDS[name].no):
                yield {"field": name, "op": operator, "value": value}


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
