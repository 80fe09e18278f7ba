"""A rep's contact counts for the channel its lead came by, until the rep takes it back."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text

from growth.attribution.records import Touch
from growth.campaigns.audiences.compiling import compiled
from growth.database.engine import transaction
from growth.leads import working
from growth.leads.reading import Worker
from growth.leads.records import Lead
from growth.leads.working import Deed
from growth.people.accounts import Role
from growth.people.staff import new_account
from tests.attribution.happened import GOOGLE, credit_all, credited, found, happen, people
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)


def called(engine: Engine) -> set[int]:
    """Whom an audience finds that had a call with us."""
    asked = compiled({"all": [{"field": "event", "op": "did", "value": {"kind": "call", "times": 1, "days": None}}]})
    with transaction(engine) as session:
        return set(session.scalars(text(f"select person.id from person where {asked.where}"), asked.values))


@pytest.mark.parametrize("read_between", [True, False])
def test_a_call_is_credited_and_taken_back(engine: Engine, read_between: bool) -> None:
    found(engine, NOON)
    (seller,) = people(engine, NOON, 1)
    happen(engine, NOON, happening("a", NOON - DAY, properties=GOOGLE, person_id=seller, side="seller"))
    with transaction(engine) as session:
        rep = Worker(
            new_account(session, email="a@e.example", name="A", roles=[Role.REP], password_hash="", now=NOON).id
        )
        lead = Lead(
            side="seller", source="test", source_key="1", name="A", channel="offline", facts={}, stage="contacted",
            contacted_at=NOON, created_at=NOON, person_id=seller,
        )  # fmt: skip
        session.add(lead)
        session.flush()
        working.log(session, rep, lead.id, Deed(outcome="no_answer"), NOON)
        working.log(session, rep, lead.id, Deed(kind="note", note="Sells bags"), NOON)
        call = working.log(session, rep, lead.id, Deed(outcome="interested"), NOON)
    shop = happening("s", NOON + DAY, kind="shop_open", person_id=seller, side="seller", properties={"shop": "x"})
    happen(engine, NOON + DAY, shop)
    if read_between:
        credit_all(engine, NOON)
        assert credited(engine) == {"seller:shop:x": ("shop_open", "offline", 0)}
    assert called(engine) == {seller}
    with transaction(engine) as session:
        working.undo(session, rep, lead.id, call, NOON + timedelta(minutes=5))
    credit_all(engine, NOON)
    assert credited(engine) == {"seller:shop:x": ("shop_open", "online", 0)}
    assert called(engine) == set()
    with transaction(engine) as session:
        assert sorted(session.execute(select(Touch.channel, Touch.kind)).all()) == [
            ("offline", "withdrawn"), ("online", "click"),
        ]  # fmt: skip
