"""Refunds that say too little or too much."""

from datetime import timedelta

from sqlalchemy import Engine, select

from growth.attribution.records import Conversion
from growth.database.engine import transaction
from tests.attribution.happened import credit_all, credited, found, happen, sold
from tests.conftest import NOON
from tests.events.happenings import happening


def test_a_refund_of_nothing_gives_nothing_back_and_a_whole_one_is_in_the_order_s_currency(engine: Engine) -> None:
    found(engine, NOON)
    back = [sold("1", 0), sold("1", 10**14), {"order": "1", "currency": "BRL"}]
    for number, properties in enumerate(back):
        happen(engine, NOON, happening(f"back{number}", NOON, kind="refund", properties=properties))
    happen(engine, NOON, happening("o", NOON - timedelta(days=1), kind="order", properties=sold("1", 990)))
    credit_all(engine, NOON)
    assert sorted(value for _, _, value in credited(engine).values()) == [-990, 990]
    with transaction(engine) as session:
        assert set(session.scalars(select(Conversion.currency))) == {"USD"}
