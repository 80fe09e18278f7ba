"""Counting audiences: exactly or by a sample, who for instance, never for long, and an index behind every condition."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from growth.campaigns.audiences import counting
from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.conditions import Node, checked, narrowed
from growth.campaigns.audiences.counting import bare, exact, live, people_of, some
from growth.campaigns.audiences.fields import FIELDS
from growth.database.engine import make_engine
from growth.errors import TransientError
from tests.campaigns.sending import add_people
from tests.conftest import NOON, _database

PEOPLE = 30_000
_FILLED = (
    "set session_replication_role = replica",
    """insert into person (locale, country, created_at)
        select (array['ru', 'pt-BR', 'en'])[1 + n % 3], (array['RU', 'BR', 'US', 'CN'])[1 + n % 4],
            :now - n % 900 * interval '1 day'
        from generate_series(1, :people) n""",
    """insert into consent (person_id, purpose, channel, granted, basis, at)
        select id, case when id % 50 = 0 then 'rare' else 'marketing' end, 'email', true, 'consent', :now
        from person""",
    """insert into event (occurred_at, event_id, kind, source, side, person_id)
        select :now - n % 80 * interval '1 day', gen_random_uuid(), (array['order', 'page_view'])[1 + n % 2], 'test',
            'buyer', 1 + n % 20000
        from generate_series(1, 2 * :people) n""",
    """insert into campaign (name, side, purpose, message, audience, state, created_by, created_at)
        select 'c' || n, 'buyer', 'marketing', 'm', '{"all": []}', 'sent', 'test', :now
        from generate_series(1, 30) n""",
    """insert into campaign_run (campaign_id, due_at, state)
        select id, :now - id * interval '1 day', 'sent' from campaign""",
    """insert into delivery (campaign_run_id, person_id, locale, state, accepted_at, opened_at, clicked_at)
        select run.id, person.id, 'en', 'delivered', due_at, case when person.id % 5 = 0 then due_at end,
            case when person.id % 25 = 0 then due_at end
        from campaign_run run, person where person.id % 30 = run.id % 30""",
    """insert into identity (kind, hash, person_id, created_at)
        select 'email', sha256(id::text::bytea), id, :now from person""",
    """insert into lead (side, source, source_key, person_id, name, channel, stage, contacted_at, created_at)
        select 'seller', 'test', id, id, 'n', 'import', 'contacted', :now, :now from person where id % 5 = 0""",
)


@pytest.fixture(scope="module")
def filled(server_url: str) -> Iterator[Engine]:
    """A database of its own with many people."""
    admin = make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create database many template template_growth"))
    made = make_engine(_database(server_url, "many"))
    with made.begin() as connection:
        for month in range(4):
            connection.execute(text(f"select ensure_month('event', :now - interval '{month} months')"), {"now": NOON})
        for statement in _FILLED:
            connection.execute(text(statement), {"now": NOON, "people": PEOPLE})
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    yield made
    made.dispose()
    with admin.connect() as connection:
        connection.execute(text("drop database many with (force)"))
    admin.dispose()


VALUES: dict[str, Any] = {
    "language": ["ru"],
    "country": ["RU"],
    "time_zone": ["Europe/Moscow"],
    "joined": 1,
    "joined_day": "2026-11-24",
    "side": ["seller"],
    "permission": {"purpose": "rare", "bases": []},
    "list": ["news"],
    "left_list": ["news"],
    "suppressed": None,
    "event": {"kind": "order", "times": 1, "days": 2},
    "custom_event": {"name": "basket", "times": 2, "days": 2},
    "spent": {"amount_minor": 100, "currency": "USD", "days": 2},
    "message": {"step": "sent", "days": 2},
    "unopened": 3,
    "lead_stage": ["qualified"],
    "lead_score": 90,
    "organisation_kind": ["soho"],
    "province": ["浙江"],
}
MORE: tuple[tuple[str, Any], ...] = (
    ("permission", {"purpose": "rare", "bases": ["consent"]}),
    ("event", {"kind": "order", "times": 3, "days": 2}),
    ("event", {"kind": "registration", "times": 1}),
    ("message", {"step": "opened", "days": 2}),
    ("message", {"step": "clicked", "days": 2}),
    ("message", {"step": "delivered", "days": 2}),
    ("message", {"step": "sent", "campaigns": [1]}),
    ("message", {"step": "clicked", "campaigns": [1, 2], "days": 2}),
)
CASES = [*VALUES.items(), *MORE]


def test_every_field_is_tried() -> None:
    assert VALUES.keys() == FIELDS.keys() - {"audience"}, "what a saved audience asks is tried by what stands in it"


def plan(session: Session, statement: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(what is done, with which table), of every node."""
    found = session.execute(text(f"explain (format json) {statement}"), values).scalar_one()
    waiting = [found[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        yield node["Node Type"], node.get("Relation Name", "")
        waiting += node.get("Plans", [])


@pytest.mark.parametrize(("field", "value"), CASES)
@pytest.mark.parametrize("yes", [True, False])
def test_an_index_stands_behind_every_condition(filled: Engine, field: str, value: Any, *, yes: bool) -> None:
    """Without one a table would have to be read whole though that is forbidden."""
    leaf = checked({"field": field, "op": FIELDS[field].yes if yes else FIELDS[field].no, "value": value})
    wanted = compiled(leaf, now=NOON)
    with Session(filled) as session:
        session.execute(text("set local enable_seqscan = off"))
        among = f"select id from person where id = any(:ids) and {wanted.where}"
        read = set(plan(session, among, wanted.values | {"ids": [5, 77, 900]}))
    assert not {table for node, table in read if node == "Seq Scan"}


@pytest.mark.parametrize(("field", "value"), CASES)
@pytest.mark.parametrize("yes", [True, False])
def test_no_count_reads_a_large_table_whole(filled: Engine, field: str, value: Any, *, yes: bool) -> None:
    leaf = checked({"field": field, "op": FIELDS[field].yes if yes else FIELDS[field].no, "value": value})
    wanted = compiled(leaf, now=NOON, whole=True)
    with Session(filled) as session:
        read = {table for node, table in plan(session, bare(wanted.where), wanted.values) if node == "Seq Scan"}
        large = set(session.scalars(text("select relname from pg_class where reltuples > 5000")))
    assert not {table for table in read & large if table.startswith("event_") or table in {"delivery", "consent"}}


def test_a_sample_comes_near_and_says_how_near(filled: Engine) -> None:
    tree = narrowed(countries=["RU"])
    with Session(filled) as session:
        found = live(session, tree, seed=7, now=NOON)
        assert not found.exact
        assert abs(found.people - exact(session, tree, NOON)) <= 3 * found.margin
        assert 0 < found.margin < PEOPLE / 20
        assert len(set(found.shown)) == counting.SHOWN
        assert {one.country for one in people_of(session, found.shown)} == {"RU"}
        assert live(session, tree, seed=8, now=NOON).shown != found.shown
        assert session.scalar(text("show statement_timeout")) == "0"


def test_few_among_many_are_found_though_a_sample_misses_them(filled: Engine) -> None:
    tree: Node = checked({"field": "permission", "op": "granted", "value": {"purpose": "rare", "bases": []}})
    tree["all"].append({"field": "joined", "op": "within", "value": 1})
    with Session(filled) as session:
        shown = some(session, tree, seed=1, now=NOON)
        assert 0 < len(shown) <= counting.SHOWN
        assert exact(session, tree, NOON) >= len(shown)


def test_what_takes_too_long_is_stopped_and_the_rest_of_the_transaction_stays(filled: Engine) -> None:
    with Session(filled) as session:
        session.execute(text("create temporary table kept (n int) on commit drop"))
        with pytest.raises(TransientError), counting._no_longer_than(session, 1):
            session.execute(text("select pg_sleep(5)"))
        session.execute(text("insert into kept values (1)"))
        assert session.scalar(text("show statement_timeout")) == "0"


def test_few_people_are_counted_exactly(session: Session) -> None:
    assert live(session, {"all": []}, seed=1, now=NOON).people == 0
    people = add_people(session, 3, NOON, country="RU", name="Анна 李")
    add_people(session, 2, NOON, country="BR", prefix="b")
    found = live(session, narrowed(countries=["RU"]), seed=1, now=NOON)
    assert (found.people, found.exact, found.margin, sorted(found.shown)) == (3, True, 0, people)
    assert people_of(session, found.shown)[0].name == "Анна 李"
