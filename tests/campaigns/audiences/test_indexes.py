"""On a filled table no condition on offer, and no suggestion, reads a table that grows from one end to the other."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from growth.campaigns.audiences import suggesting
from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.conditions import checked
from growth.campaigns.audiences.expanding import expanded
from growth.campaigns.audiences.fields import FIELDS
from growth.database.engine import driver_url, make_engine
from tests.conftest import NOON

PEOPLE = 200_000
SAMPLE = 3_200
"""People whom the page's first answer asks about."""
RARE: dict[str, Any] = {
    "language": ["zh_CN"],
    "country": ["IS"],
    "time_zone": ["Atlantic/Reykjavik"],
    "joined": 1,
    "joined_day": (NOON - timedelta(hours=3)).isoformat(),
    "side": ["seller"],
    "permission": {"purpose": "research", "bases": []},
    "list": ["l2"],
    "left_list": ["l2"],
    "suppressed": None,
    "event": {"kind": "refund", "times": 1, "days": 30},
    "custom_event": {"name": "rare", "times": 2, "days": None},
    "spent": {"amount_minor": 900_000, "currency": "BRL", "days": 5},
    "message": {"step": "clicked", "campaigns": [], "days": 2},
    "unopened": 3,
    "lead_stage": ["applied"],
    "lead_score": 99,
    "organisation_kind": ["manufacturer"],
    "province": ["西藏"],
}
"""Values that few people have, so that whoever is looked for can be found without looking at everybody."""
LOOKED_UP = {"side", "unopened"}
"""Asked of each person one after the other, by that person's index: whatever is asked, everybody is."""

FILL = (
    "set local session_replication_role = replica",
    "select ensure_month('event', cast(:now as timestamptz) - n * interval '1 month') from generate_series(0, 3) n",
    """insert into person (locale, country, time_zone, created_at)
        select case when n % 997 = 0 then 'zh-CN' else 'en' end, case when n % 997 = 0 then 'IS' else 'US' end,
            case when n % 997 = 0 then 'Atlantic/Reykjavik' when n % 2 = 0 then 'America/New_York' end,
            :now - n * interval '9 minutes'
        from generate_series(1, :people) n""",
    """insert into consent (person_id, purpose, channel, granted, basis, at)
        select id, case when id % 997 = 0 then 'research' else 'marketing' end, 'email', true, 'consent', :now
        from person""",
    """insert into identity (kind, hash, person_id, sealed, created_at)
        select 'email', sha256(id::text::bytea), id, '', :now from person""",
    """insert into suppression (channel, hash, scope, reason, source, at)
        select 'email', sha256(id::text::bytea), 'all', 'manual', 'test', :now from person where id % 997 = 0""",
    """insert into mailing_list (key, side, purpose, names, created_by, created_at)
        select 'l' || n, 'buyer', 'marketing', '{}', 'test', :now from generate_series(1, 30) n""",
    """insert into list_member (list_id, person_id, state, source, at)
        select mailing_list.id, person.id, case person.id % 7 when 0 then 'left' else 'subscribed' end, 'test', :now
        from mailing_list, person where person.id % 97 = mailing_list.id""",
    """insert into event (occurred_at, event_id, kind, source, side, person_id, properties)
        select :now - n * interval '40 seconds', gen_random_uuid(),
            case when n % 4 = 0 then 'custom' when n % 997 = 0 then 'refund' else 'page_view' end, 'test', 'buyer', n,
            case when n % 4 = 0 then jsonb_build_object('name', case when n % 997 = 0 then 'rare' else 'basket' end)
                else '{}' end
        from generate_series(1, :people) n""",
    """insert into conversion (kind, source_key, side, occurred_at, person_id, value_minor, currency)
        select 'order', n::text, 'buyer', :now - n * interval '40 seconds', n, 1000, 'USD'
        from generate_series(1, :people, 2) n""",
    """insert into campaign (name, side, purpose, message, audience, state, created_by, created_at)
        values ('Filled', 'buyer', 'marketing', 'welcome_buyer', '{"all": []}', 'sent', 'test', :now)""",
    """insert into campaign_run (campaign_id, due_at, state) select id, :now, 'sent' from campaign""",
    """insert into delivery (campaign_run_id, person_id, locale, state, claimed_at, accepted_at, opened_at, clicked_at)
        select run.id, person.id, 'en', 'delivered', at, at, case when person.id % 5 = 0 then at end,
            case when person.id % 997 = 0 then at end
        from campaign_run run, person
            cross join lateral (select :now - person.id * interval '30 seconds' as at) sent""",
    """insert into organisation (legal_name, kind, province, created_at)
        select 'O' || n, case when n % 997 = 0 then 'manufacturer' else 'soho' end,
            case when n % 997 = 0 then '西藏' else '浙江' end, :now
        from generate_series(1, :people / 5) n""",
    """insert into lead (side, source, source_key, person_id, organisation_id, name, channel, stage,
            contacted_at, created_at)
        select 'seller', 'test', n::text, n, n, 'Lead', 'import', case when n % 997 = 0 then 'applied' else 'lost' end,
            :now, :now
        from generate_series(1, :people / 5) n""",
    """insert into lead_rank (lead_id, side, model_id, as_of, probability, low, high, average, reasons)
        select id, side, 1, :now, case when id % 997 = 0 then 0.99 else 0.5 end, 0, 1, 0.5, '[]'
        from lead""",
)
FEW = 1_000


@pytest.fixture(scope="module")
def filled(server_url: str) -> Iterator[Connection]:
    """Everybody, with what they did, as the planner knows it after an analysis."""
    name = f"filled_{uuid4().hex[:12]}"
    admin = create_engine(driver_url(server_url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template template_growth"))
    url = driver_url(server_url).set(database=name, drivername="postgresql")
    engine = make_engine(url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"now": NOON, "people": PEOPLE})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


def read_whole(connection: Connection, statement: str, values: Any) -> set[str]:
    """The tables of more than a few rows that a statement's plan reads from one end to the other."""
    (plan,) = connection.scalar(text(f"explain (format json) {statement}"), values)
    scanned = {node["Relation Name"] for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"}
    large = text("select relname from pg_class where relname = any(:names) and reltuples > :few")
    return set(connection.scalars(large, {"names": list(scanned), "few": FEW}))


def nodes(plan: Any) -> Iterator[Any]:
    """All steps of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def asked(connection: Connection, name: str, *, whole: bool) -> tuple[str, dict[str, Any]]:
    field = FIELDS[name]
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        tree = expanded(session, checked({"field": name, "op": field.yes, "value": RARE[name]}))
        found = compiled(tree, now=NOON, whole=whole)
    return found.where, dict(found.values)


def test_each_field_is_tried() -> None:
    assert RARE.keys() == FIELDS.keys() - {"audience"}  # which is made of the others


@pytest.mark.parametrize("name", RARE)
def test_asking_some_thousands_of_people_looks_each_up(filled: Connection, name: str) -> None:
    where, values = asked(filled, name, whole=False)
    some = f"select person.id from person where person.id <= {SAMPLE} and {where}"
    assert read_whole(filled, some, values) == set()


@pytest.mark.parametrize("name", sorted(RARE.keys() - LOOKED_UP))
def test_who_is_rare_is_found_without_reading_everybody(filled: Connection, name: str) -> None:
    where, values = asked(filled, name, whole=True)
    assert read_whole(filled, f"select person.id from person where {where}", values) == set(), where


def test_suggestions_step_along_an_index(filled: Connection) -> None:
    values = {"most": suggesting.MOST, "since": NOON - timedelta(days=50)}
    for statement in suggesting._SOURCES.values():
        assert read_whole(filled, statement, values) == set()
        (plan,) = filled.scalar(text(f"explain (analyze, format json) {statement}"), values)
        read = [one["Actual Rows"] * one["Actual Loops"] for one in nodes(plan["Plan"]) if "Index Name" in one]
        assert 0 < sum(read) < FEW


def test_what_there_is_is_suggested(filled: Connection) -> None:
    with Session(filled, join_transaction_mode="create_savepoint") as session:
        found = suggesting.suggestions(session, FIELDS, NOON)
    assert found == {
        "custom_event": ["basket", "rare"],
        "time_zone": ["America/New_York", "Atlantic/Reykjavik"],
        "province": ["浙江", "西藏"],
    }
