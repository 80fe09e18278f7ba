"""The statements of docs/funnels.md give what the page counts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from growth.database.engine import transaction
from growth.leads.reading import Worker
from growth.leads.records import Lead
from growth.leads.working import move
from growth.measurement.by_campaign.counting import count_campaigns
from growth.measurement.funnels.knowing import know
from growth.measurement.funnels.reading import cohorts, funnel
from growth.measurement.funnels.steps import STEPS
from growth.measurement.funnels.walking import walk
from growth.measurement.periods import Period
from growth.measurement.rolling_up import roll_up
from growth.measurement.sums import Cut
from tests.attribution.happened import GOOGLE, credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.docs.test_docs import ROOT
from tests.events.happenings import VISITOR, happening

DAY = timedelta(days=1)
PAID = {"url": "https://market.example/?utm_medium=cpc&utm_campaign=brand"}
TODAY = NOON.date()


def statements() -> dict[str, str]:
    page = (ROOT / "docs" / "funnels.md").read_text()
    blocks = "".join(re.findall(r"```sql\n(.*?)```", page, re.DOTALL))
    return dict(re.findall(r"-- (.+)\n((?:(?!--).*\n)+)", blocks))


@pytest.fixture
def lived(engine: Engine) -> Engine:
    """Buyers and sellers of all kinds, everything counted."""
    found(engine, NOON)
    first, second, seller = people(engine, NOON, 3, country="RU")
    happen(
        engine, NOON,
        happening("1", NOON - 20 * DAY, properties=PAID, person_id=first),
        happening("2", NOON - 19 * DAY, kind="subscribe", person_id=first),
        happening("3", NOON - 18 * DAY, kind="registration", person_id=first),
        happening("4", NOON - 10 * DAY, kind="order", person_id=first, properties=sold("1", 990)),
        happening("5", NOON - 9 * DAY, kind="order", person_id=first, properties=sold("2", 990)),
        happening("6", NOON - 8 * DAY, properties=PAID, person_id=second),
        happening("7", NOON - 7 * DAY, kind="registration", person_id=second),
        happening("8", NOON - 2 * DAY, properties=GOOGLE, visitor=VISITOR),
        happening("9", NOON - 2 * DAY, properties=PAID, side="seller", person_id=seller),
        happening("10", NOON - DAY, kind="shop_open", side="seller", person_id=seller, properties={"shop": "s"}),
        happening("11", NOON, kind="order", side="seller", person_id=seller, properties=sold("3", 990)),
    )  # fmt: skip
    with transaction(engine) as session:
        made = Lead(side="seller", source="t", source_key="1", name="Maker", channel="members", stage="contacted",
                    contacted_at=NOON - 5 * DAY, created_at=NOON)  # fmt: skip
        session.add(made)
        session.flush()
        before = "contacted"
        for stage in list(STEPS["seller"])[1:]:
            move(session, Worker(1, sees_all=True), made.id, stage, seen=before, reason="", by="t", now=NOON)
            before = stage
    credit_all(engine, NOON)
    for step in (roll_up, count_campaigns, walk):
        with transaction(engine) as session:
            step(session, NOON, None, 1000)
    return engine


def asked(engine: Engine, name: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statements()[name].replace(";", ""))))


def test_each_step_is_whom_its_statement_finds(lived: Engine) -> None:
    with transaction(lived) as session:
        ways = [tuple(row) for row in session.execute(text("select side, who from way"))]
        known = know(session, ways)
    for side, names in STEPS.items():
        for step in names:
            mine = {who: one.steps[step] for (of, who), one in known.items() if of == side and step in one.steps}
            assert {row.who: row.at for row in asked(lived, f"{side} {step}")} == mine, step
            assert mine, "each step has somebody"


def test_what_the_page_reads(lived: Engine) -> None:
    cut = Cut("buyer")
    with transaction(lived) as session:
        steps = funnel(session, "paid_search", cut, Period(TODAY - 27 * DAY, TODAY))
        weeks = [one for one in cohorts(session, "paid_search", cut, TODAY, TODAY) if one.people]
    assert {row.step: row.people for row in asked(lived, "funnel")} == {one.step: one.people for one in steps}
    shown = {row.week: (row.acquired, row.ordered_within_4_weeks or 0) for row in asked(lived, "cohorts")}
    assert {week: acquired for week, (acquired, _) in shown.items()} == {one.week: one.people for one in weeks}
    assert sorted(ordered for _, ordered in shown.values()) == [0, 1_000_000]
    (campaign,) = asked(lived, "campaigns")
    assert tuple(campaign) == ("brand", 2_000_000, 1980, 0)
