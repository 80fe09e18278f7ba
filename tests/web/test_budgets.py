"""Budgets and anomalies on their pages."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select

from growth.database.engine import transaction
from growth.measurement.advice.asking import best_move, keep_best
from growth.measurement.advice.moves import Move
from growth.measurement.records import Anomaly, ChannelDay
from growth.measurement.rolling_up import roll_up
from growth.money import Money
from growth.spend.budgets import change_budget
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_costs
from growth.spend.records import Budget
from growth.web.formats import money_text
from tests.conftest import NOON
from tests.measurement.lived_market import Year
from tests.measurement.test_advice import store
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site


def costs(site: Site) -> None:
    with transaction(site.engine) as session:
        record_costs(session, [
            NewCost(source="t", source_key="a", day=NOON.date() - timedelta(days=back), side="buyer",
                    channel="paid_search", amount_minor=10_000 + 500 * (back % 3), currency="USD")
            for back in range(1, 60)
        ], NOON)  # fmt: skip


def anomaly(site: Site) -> int:
    day = NOON.date() - timedelta(days=1)
    row = {"day": day, "since": day, "side": "buyer", "channel": "paid_search", "country": "BR", "change": 6400,
           "measure": "cost_each", "found_at": NOON, "evidence": {"seen": 50_000_000, "expected": 82_000_000, "p": 1e-7,
           "causes": [["held:touches", 200], ["budget", 0]]}}  # fmt: skip
    with transaction(site.engine) as session:
        return session.scalars(insert(Anomaly).returning(Anomaly.id), [row]).one()


def test_a_budget_is_changed_once_and_never_over_another_change(site: Site, client_as: ClientAs) -> None:
    costs(site)
    client = client_as("manager")
    given = {"side": "buyer", "month": "2026-11", "amount": "3500.00", "version": "0"}
    assert client.post("/budgets/paid_search", data=given).status_code == 303
    page = client.get("/budgets?side=buyer&month=2026-11").text
    assert "$3,500.00" in page
    again = client.post("/budgets/paid_search", data=given | {"amount": "1"})
    assert again.status_code == 422
    assert "Somebody else changed this budget" in again.text
    wrong = client.post("/budgets/paid_search", data=given | {"amount": "a lot", "version": "1"})
    assert wrong.status_code == 422
    assert 'value="a lot"' in wrong.text
    with transaction(site.engine) as session:
        assert session.scalars(select(Budget.amount_minor)).one() == 350_000
    assert client_as("marketer").post("/budgets/paid_search", data=given).status_code == 403


def test_a_move_is_refused_with_its_reason(site: Site, client_as: ClientAs) -> None:
    costs(site)
    page = client_as("manager").get("/budgets/advice?source=seo&target=paid_search&amount=300")
    assert page.status_code == 200
    assert "The past can&#39;t say" in page.text
    same = client_as("manager").get("/budgets/advice?source=seo&target=seo&amount=300")
    assert same.status_code == 422


def test_an_anomaly_is_told_seen_and_explained(site: Site, client_as: ClientAs) -> None:
    number = anomaly(site)
    row = {"day": NOON.date(), "side": "buyer", "channel": "paid_search", "country": "BR", "touches": 5}
    with transaction(site.engine) as session:
        session.execute(insert(ChannelDay), [row])
    client = client_as("manager")
    page = client.get("/channels").text
    assert "Brazil, Paid search: cost per registration up 64% since" in page
    assert "Visits held (+2%)." in page
    assert "The budget of this month is spent." in page
    assert client.post(f"/anomalies/{number}", data={"state": "seen"}).status_code == 303
    assert client.post(f"/anomalies/{number}", data={"state": "seen"}).status_code == 409
    assert client.post(f"/anomalies/{number}", data={"state": "explained"}).status_code == 422
    done = client.post(f"/anomalies/{number}", data={"state": "explained", "explanation": "a broken form"})
    assert done.status_code == 303


def test_what_a_move_brings_is_told_in_both_currencies(site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        store(session, Year("2", 2000, spread=0.3), holdouts=True)
        keep_best(session, NOON)
        best = best_move(session, "buyer", NOON)
        record_rates(session, "USD", [Rate("CNY", NOON.date(), Decimal("0.2"))], NOON)
    assert isinstance(best, Move)
    client = client_as("marketer")
    page = client.get("/budgets/advice").text
    assert "Best move" in page
    assert page.count("<details") >= 4
    asked = {"source": best.from_channel, "target": best.to_channel, "currency": "CNY",
             "amount": str(Money(best.amount * 5, "CNY").amount)}  # fmt: skip
    told = client.get("/budgets/advice", params=asked).text
    assert f"Expected: +{best.expected:,.0f} (+{best.low:,.0f} … +{best.high:,.0f})" in told
    assert "registered buyers a month" in told
    assert money_text(Money(best.amount, "USD"), "en") in told
    for wrong in ({"currency": "BRL"}, {"currency": "gold"}, {"amount": "a lot"}, {"amount": "0"}, {"source": "tv"}):
        assert client.get("/budgets/advice", params=asked | wrong).status_code == 422
    much = client.get("/budgets/advice", params=asked | {"amount": "99999999"})
    assert "more than this channel costs a month" in much.text


def test_an_overspent_budget_needs_attention_and_missing_ones_are_copied(site: Site, client_as: ClientAs) -> None:
    client = client_as("manager")
    given = {"side": "buyer", "month": "2026-11", "amount": "20000 CNY", "version": "0"}
    refused = client.post("/budgets/paid_search", data=given)
    assert refused.status_code == 422
    assert "There is no rate for CNY." in refused.text
    assert client.post("/budgets/paid_search", data=given | {"amount": "1000 usd"}).status_code == 303
    costs(site)
    with transaction(site.engine) as session:
        roll_up(session, NOON, None, 1000)
    assert "Paid search: this month&#39;s budget is overspent" in client.get("/channels").text
    assert "Overspent" in client.get("/budgets").text
    assert client.post("/budgets/copy", data={"side": "buyer", "month": "2026-12"}).status_code == 303
    assert "$1,000.00" in client.get("/budgets?month=2026-12").text
    assert client.post("/budgets/copy", data={"side": "both", "month": "2026-12"}).status_code == 422
    assert client_as("marketer").post("/budgets/copy", data={"side": "buyer"}).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_the_pages_are_for_everyone(site: Site, page_as: PageAs, width: int, theme: str) -> None:
    with transaction(site.engine) as session:
        change_budget(session, "buyer", "paid_search", date(2026, 11, 1), 1_000_00, version=0, actor="m", now=NOON)
        store(session, Year("2", 2000, spread=0.3), holdouts=True)
        keep_best(session, NOON)
    costs(site)
    anomaly(site)
    page = page_as("manager", width=width, theme=theme)
    for address in ("/budgets", "/budgets/advice", "/budgets/advice?side=seller&source=online&target=offline&amount=5"):
        page.goto(address)
        axe(page)
        no_sideways_scroll(page)
