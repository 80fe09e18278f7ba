"""Budgets and anomalies on their pages."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from growth.database.engine import transaction
from growth.measurement.records import Anomaly, ChannelDay
from growth.spend.ledger import NewCost, record_costs
from growth.spend.records import Budget
from tests.conftest import NOON
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
    page = client_as("manager").get("/budgets?source=seo&target=paid_search&amount=300")
    assert page.status_code == 200
    assert "The past can&#39;t say" in page.text
    same = client_as("manager").get("/budgets?source=seo&target=seo&amount=300")
    assert same.status_code == 422


def test_an_anomaly_is_told_seen_and_explained(site: Site, client_as: ClientAs) -> None:
    number = anomaly(site)
    row = {"day": NOON.date(), "side": "buyer", "channel": "paid_search", "country": "BR", "touches": 5}
    with transaction(site.engine) as session:
        session.execute(insert(ChannelDay), [row])
    client = client_as("manager")
    page = client.get("/channels").text
    assert "Brazil, Paid search: cost per registration +64% since" in page
    assert "Visits held" in page
    assert "The budget of this month is spent." in page
    assert client.post(f"/anomalies/{number}", data={"state": "seen"}).status_code == 303
    assert client.post(f"/anomalies/{number}", data={"state": "seen"}).status_code == 409
    assert client.post(f"/anomalies/{number}", data={"state": "explained"}).status_code == 422
    done = client.post(f"/anomalies/{number}", data={"state": "explained", "explanation": "a broken form"})
    assert done.status_code == 303


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_for_everyone(site: Site, page_as: PageAs, width: int) -> None:
    costs(site)
    anomaly(site)
    page = page_as("manager", width=width)
    page.goto("/budgets")
    axe(page)
    no_sideways_scroll(page)
