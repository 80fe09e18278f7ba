"""The SQL by which docs/channels.md explains each figure gives what the report shows."""

import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from growth.database.engine import transaction
from growth.measurement.figures import WHOLE, Figures
from growth.measurement.periods import Period
from growth.measurement.report import Report, report
from growth.measurement.rolling_up import roll_up
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_costs
from tests.conftest import NOON
from tests.docs.test_tables import page
from tests.measurement.test_made_of import DAY, TODAY, lived

BLOCKS = dict(re.findall(r"```sql\n-- (\w+)\n(.*?)```", page("channels"), re.DOTALL))
PERIOD = Period(TODAY - 69 * DAY, TODAY - 3 * DAY)


def asked(session: Session, name: str, side: str) -> dict[str, Any]:
    """What a block of the page gives, by the first column."""
    statement = re.sub(r":'(\w+)'", r":\1", BLOCKS[name])
    given = {"side": side, "first": PERIOD.first, "last": PERIOD.last}
    return {one[0]: one[1] for one in session.execute(text(statement), given)}


def shown(found: Report, name: str) -> dict[str, Any]:
    """The same from the report, where there is anything."""

    def figure(one: Figures, share: Decimal) -> Any:
        return {
            "acquired": one.acquired // WHOLE if one.acquired % WHOLE == 0 else Decimal(one.acquired) / WHOLE,
            "cost": one.cost_minor,
            "each": one.cost_each,
            "orders": Decimal(one.orders) / WHOLE,
            "order_share": one.order_share,
            "repeat_share": one.repeat_share,
            "value": one.value_minor,
            "back": one.back,
            "share": share,
            "touches": one.touches,
        }[name]

    told = {line.channel: figure(line.now, line.share) for line in found.lines}
    return {channel: one for channel, one in told.items() if one}


@pytest.fixture(scope="module")
def names() -> list[str]:
    return [name for name in BLOCKS if name not in {"variables", "views", "countries"}]


def test_each_figure_is_what_its_sql_gives(engine: Engine, names: list[str]) -> None:
    lived(engine, 11)
    with transaction(engine) as session:
        record_rates(session, "USD", [Rate("CNY", TODAY - 60 * DAY, Decimal("0.1403"))], NOON)
        lines = [
            NewCost(source="t", source_key=f"cny{number}", day=TODAY - timedelta_of(number), side=side,
                    channel="paid_search" if side == "buyer" else "online", amount_minor=1001 + number, currency="CNY")
            for number in range(0, 70, 3) for side in ("buyer", "seller")
        ]  # fmt: skip
        record_costs(session, lines, NOON)
        roll_up(session, NOON, None, 1000)
    assert len(names) == 10
    with transaction(engine) as session:
        session.execute(text(BLOCKS["views"]))
        for side in ("buyer", "seller"):
            found = report(session, side, PERIOD, None, NOON)
            for name in names:
                by_hand = {channel: one for channel, one in asked(session, name, side).items() if one}
                ours = shown(found, name)
                assert set(by_hand) == set(ours), (side, name)
                assert all(abs(Decimal(by_hand[one]) - Decimal(ours[one])) < Decimal("1e-9") for one in ours), name
            where = {country: round(Decimal(one) * WHOLE) for country, one in asked(session, "countries", side).items()}
            assert where == dict(found.countries)
            if side == "buyer":
                assert all(shown(found, name) for name in names)


def timedelta_of(days: int) -> Any:
    return days * DAY
