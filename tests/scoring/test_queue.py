"""The queue at size: whole, in order, each lead once, and read by its indexes."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.errors import InvalidError
from growth.leads.reading import Worker
from growth.people.accounts import Role
from growth.people.staff import new_account
from growth.scoring import queue
from growth.scoring.queue import Asked, Entry, read_queue
from tests.conftest import NOON

MANY = 6_000


@pytest.fixture
def rep(session: Session) -> int:
    """A rep with a tenth of many leads, another with the most, some of nobody; a tenth has no score yet."""
    both = [
        new_account(session, email=f"{name}@example.com", name=name, roles=[Role.REP], password_hash="", now=NOON).id
        for name in ("anna", "boris")
    ]
    values = {"many": MANY, "anna": both[0], "boris": both[1], "now": NOON}
    session.execute(
        text(
            "insert into lead (side, source, source_key, name, channel, stage, contacted_at, created_at, owner_id,"
            " closed_at) select 'seller', 'many', i::text, 'Shop ' || md5(i::text), 'online', 'contacted',"
            " cast(:now as timestamptz) - i * interval '1 minute', :now,"
            " case when i % 10 = 0 then cast(:anna as bigint) when i % 10 < 8 then :boris end,"
            " case when i % 7 = 0 then cast(:now as timestamptz) end from generate_series(1, :many) i"
        ),
        values,
    )
    session.execute(
        text(
            "insert into model (target, kind, state, trained_at, rows, positives, measures, card, fingerprint,"
            " artifact) values ('seller_won_90d', 'logistic', 'champion', :now, 0, 0, '{}', '{}', '', '')"
        ),
        values,
    )
    session.execute(
        text(
            "insert into lead_rank (lead_id, side, model_id, as_of, probability, low, high, average, reasons)"
            " select l.id, 'seller', m.id, :now, (l.id % 97) / 100.0, 0, 1, 0.1, '[]' from lead l, model m"
            " where l.source_key::int % 10 <> 9"
        ),
        values,
    )
    for table in ("lead", "lead_rank"):
        session.execute(text(f"analyze {table}"))
    return both[0]


@pytest.mark.parametrize("sees_all", [True, False])
def test_page_by_page_each_open_lead_comes_once_the_best_first(session: Session, rep: int, sees_all: bool) -> None:
    asked, after = Asked("all", Worker(rep, sees_all)), None
    seen: list[Entry] = []
    while True:
        page = read_queue(session, asked, NOON, after=after, size=700)
        seen += page.entries
        after = page.next
        if after is None:
            break
    wanted = "closed_at is null" + ("" if sees_all else f" and (owner_id = {rep} or owner_id is null)")
    there = set(session.scalars(text(f"select id from lead where {wanted}")))
    assert {entry.lead_id for entry in seen} == there
    assert len(seen) == len(there)
    order = [(-(entry.probability if entry.probability is not None else -1)) for entry in seen]
    assert order == sorted(order)
    fresh = [entry.contacted_at for entry in seen if entry.probability is None]
    assert fresh == sorted(fresh, reverse=True)
    assert fresh


def test_a_lead_that_rests_is_left_out_until_it_is_due(session: Session, rep: int) -> None:
    asked = Asked("todo", Worker(rep))
    first = read_queue(session, asked, NOON).entries[0].lead_id
    session.execute(text(f"update lead set due_at = '{NOON + timedelta(hours=1)}' where id = {first}"))
    assert first not in {entry.lead_id for entry in read_queue(session, asked, NOON).entries}
    assert read_queue(session, asked, NOON + timedelta(hours=1)).entries[0].lead_id == first


def test_counts_are_bounded(session: Session, rep: int) -> None:
    assert queue.count(session, Asked("all", Worker(rep, sees_all=True)), NOON) == queue.MOST_COUNTED + 1
    assert queue.count(session, Asked("follow-ups", Worker(rep)), NOON) == 0


def test_the_first_page_is_read_by_the_index_of_ranks(session: Session, rep: int) -> None:
    statement = queue._ranked(Asked("all", Worker(rep, sees_all=True)), NOON, None).limit(31)
    compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(session.scalars(text("explain " + str(compiled).replace(":", r"\:"))))
    assert "ix_lead_rank_probability" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("asked", [{"view": "mine"}, {"after": "r~0.5"}, {"after": "u~2026-01-01T00:00:00~1"}])
def test_a_view_or_place_there_is_not(session: Session, asked: dict[str, str]) -> None:
    after = asked.get("after")
    with pytest.raises(InvalidError):
        read_queue(session, Asked(asked.get("view", "all"), Worker(0)), NOON, after=after)
