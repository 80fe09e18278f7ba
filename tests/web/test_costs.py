"""The cost ledger on its pages: listed, filtered, exported, brought in, entered and put right."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import func, select

from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.scheduling.records import JobLine, JobRun
from growth.spend.currencies import Rate, record_rates
from growth.spend.ledger import NewCost, record_costs
from growth.spend.records import Cost
from tests.conftest import NOON
from tests.web import importing
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

TODAY = NOON.date()
LONG = "Зимняя распродажа 冬季大促 " * 11


def fill(site: Site, many: int = 3) -> None:
    lines = [
        NewCost(source="file", source_key=f"{number}", day=TODAY - timedelta(days=number % 20), side="buyer",
                channel="paid_search", country="BR" if number % 2 else "", campaign=LONG if number == 0 else "=Brand",
                amount_minor=1_000 + number, currency="USD")
        for number in range(many)
    ]  # fmt: skip
    lines.append(NewCost(source="entered", source_key="f", day=TODAY - timedelta(days=1), side="seller",
                         channel="offline", campaign="Canton Fair", amount_minor=4_200_00, currency="CNY"))  # fmt: skip
    with transaction(site.engine) as session:
        record_costs(session, lines, NOON)


def test_lines_are_filtered_paged_and_summed(site: Site, client_as: ClientAs) -> None:
    client = client_as("marketer")
    assert "No cost in these days." in client.get("/costs").text
    fill(site, 120)
    page = client.get("/costs").text
    assert "121 lines" in page
    assert "Without a rate, and so not in the sum: CNY." in page
    assert page.count("data-row") == 50
    with transaction(site.engine) as session:
        record_rates(session, "USD", [rate("CNY", "0.1")], NOON)
    assert "Without a rate" not in client.get("/costs").text
    assert "$420.00" in client.get("/costs?side=seller").text
    assert client.get("/costs?country=-&side=buyer").text.count("data-row") == 50
    assert "60 lines" in client.get("/costs?country=Brazil").text
    assert client.get("/costs", params={"campaign": LONG}).text.count("data-row") == 1
    seen, address = 0, "/costs?first=2026-11-01"
    while True:
        answer = client.get(address).text
        seen += answer.count("data-row")
        if 'rel="next"' not in answer:
            break
        address = answer.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert seen == 121


def rate(currency: str, of: str) -> Rate:
    return Rate(currency, TODAY - timedelta(days=60), Decimal(of))


@pytest.mark.parametrize("query", [
    "side=both", "channel=tv", "country=Atlantis", "first=yesterday", "last=1026-01-01",
    "first=2026-11-20&last=2026-11-01",
    "first=2001-01-01", "after=x", "after=2026-11-24.9999999999999999999", "first=0000-00-00",
])  # fmt: skip
def test_what_cannot_be_asked_is_told_in_words(client_as: ClientAs, query: str) -> None:
    assert client_as("manager").get(f"/costs?{query}").status_code == 422


def test_the_file_holds_the_same_lines_and_no_formula(site: Site, client_as: ClientAs) -> None:
    fill(site)
    client = client_as("marketer")
    text = client.get("/costs/export.csv?side=buyer").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Amount"] for row in rows] == ["10.00", "10.01", "10.02"]
    assert rows[1]["Campaign"] == "'=Brand"
    assert rows[1]["In USD"] == "10.01"
    with transaction(site.engine) as session:
        assert "costs.export" in session.scalars(select(AuditEntry.action)).all()


def upload(client: httpx.Client, text: str, name: str = "costs.csv") -> httpx.Response:
    return client.post("/costs/import", files={"file": (name, text.encode())})


def test_a_file_goes_in_but_for_its_bad_rows_and_again_changes_nothing(site: Site, client_as: ClientAs) -> None:
    client = client_as("manager")
    good = f"{TODAY},buyer,seo,RU,Зима,12.50,USD\n{TODAY},seller,offline,,,19800,CNY\n"
    bad = f"{TODAY},buyer,tv,,,1,USD\n{TODAY},buyer,seo,,,x,USD\n"
    text = f"day,side,channel,country,campaign,amount,currency\n{good}{bad}"
    for again in range(2):
        assert upload(client, text).status_code == 303
        work(site)
        run, told = latest(site)
        assert run.state == "succeeded", run.words
        assert {"new": 0 if again else 2, "changed": 0, "same": 2 if again else 0} in told
        rejected = client.get(f"/costs/rejected/{run.id}.csv").content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(rejected)))
        assert [row[:2] for row in rows[1:]] == [["4", "Channel"], ["5", "Amount"]]
        assert "Write one of" in rows[1][3]
        assert rows[1][4:] == [str(TODAY), "buyer", "tv", "", "", "1", "USD"]
    assert "costs.csv" in client.get("/costs").text
    with transaction(site.engine) as session:
        assert session.scalar(select(func.count()).select_from(Cost)) == 2
        assert session.scalars(select(AuditEntry.action)).all().count("spend import") == 1


def test_a_file_of_rates_is_known_by_its_header(site: Site, client_as: ClientAs) -> None:
    client = client_as("manager")
    assert upload(client, f"day,currency,rate\n{TODAY},CNY,0.14\n{TODAY},RUB,much\n", "rates.csv").status_code == 303
    work(site)
    assert {"new": 0, "changed": 1, "same": 0} in latest(site)[1]
    assert upload(client, "").status_code in {303, 422}
    assert client.post("/costs/import").status_code == 422
    assert upload(client, "nothing,here\n1,2\n", "odd.csv").status_code == 303
    work(site)
    assert latest(site)[0].state == "failed"
    assert upload(client_as("marketer"), "day\n").status_code == 403


def work(site: Site) -> None:
    importing.work(site.engine, FixedClock(NOON))


def latest(site: Site) -> tuple[JobRun, list[dict[str, object]]]:
    with transaction(site.engine) as session:
        run = session.scalars(select(JobRun).where(JobRun.job == "import_costs").order_by(JobRun.id.desc())).first()
        assert run is not None
        lines = session.scalars(select(JobLine).where(JobLine.run_id == run.id)).all()
        return run, [dict(one.words["values"]) for one in lines]


FAIR = {"name": "Canton Fair 广交会", "first": "2026-11-20", "last": "2026-11-22", "place": "seller offline",
        "country": "CN", "amount": "100.00", "currency": "CNY"}  # fmt: skip


def test_a_fair_is_spread_over_its_days_and_entered_again_replaced(site: Site, client_as: ClientAs) -> None:
    client = client_as("manager")
    assert client.post("/costs/entered", data=FAIR).status_code == 303
    assert amounts(site) == [3334, 3333, 3333]
    assert client.post("/costs/entered", data=FAIR | {"last": "2026-11-21", "amount": "80"}).status_code == 303
    assert amounts(site) == [4000, 4000, 0]
    for field, value in {"name": "", "first": "soon", "last": "2026-11-19", "place": "x", "country": "Atlantis",
                         "amount": "a lot", "currency": "gold"}.items():  # fmt: skip
        wrong = client.post("/costs/entered", data=FAIR | {field: value})
        assert wrong.status_code == 422
        assert f'id="{field}-error"' in wrong.text
        assert "Canton Fair" in wrong.text or field == "name"
    assert client.post("/costs/entered", data=FAIR | {"first": "2026-12-20"}).status_code == 422
    assert client_as("marketer").post("/costs/entered", data=FAIR).status_code == 403


def amounts(site: Site) -> list[int]:
    with transaction(site.engine) as session:
        return list(session.scalars(select(Cost.amount_minor).order_by(Cost.day, Cost.id)))


def test_hours_need_a_price_and_a_new_price_counts_from_its_day(site: Site, client_as: ClientAs) -> None:
    client = client_as("manager")
    hours = {"day": "2026-11-20", "who": "rep@example.com", "hours": "6.5", "channel": "offline"}
    refused = client.post("/costs/hours", data=hours)
    assert refused.status_code == 422
    assert "has no price on this day" in refused.text
    price = {"kind": "rep_hour", "since": "2026-11-01", "price": "90", "price_currency": "CNY"}
    assert client.post("/costs/prices", data=price).status_code == 303
    assert client.post("/costs/hours", data=hours).status_code == 303
    assert client.post("/costs/hours", data=hours | {"day": "2026-11-22"}).status_code == 303
    assert amounts(site) == [58_500, 58_500]
    assert client.post("/costs/prices", data=price | {"since": "2026-11-21", "price": "100"}).status_code == 303
    assert amounts(site) == [58_500, 65_000]
    assert client.post("/costs/prices", data=price | {"price": "-1"}).status_code == 422
    assert client.post("/costs/hours", data=hours | {"hours": "25"}).status_code == 422
    assert "CN¥100.00" in client.get("/costs/new").text


def test_a_line_is_put_right_by_one_beside_it(site: Site, client_as: ClientAs) -> None:
    fill(site, 1)
    with transaction(site.engine) as session:
        line = session.scalars(select(Cost.id).where(Cost.source == "file")).one()
    client = client_as("manager")
    right = {"amount": "7.50", "reason": "The bill was for two months."}
    assert client.post(f"/costs/{line}/correct", data=right).status_code == 303
    again = client.post(f"/costs/{line}/correct", data=right)
    assert again.status_code == 422
    assert "That is what it comes to already." in again.text
    assert client.post(f"/costs/{line}/correct", data=right | {"reason": " "}).status_code == 422
    page = client.get(f"/costs/{line}").text
    assert "The bill was for two months." in page
    assert "$7.50" in page
    with transaction(site.engine) as session:
        correction = session.scalars(select(Cost).where(Cost.corrects == line)).one()
        assert (correction.amount_minor, correction.campaign) == (-250, LONG)
        assert session.get_one(Cost, line).amount_minor == 1_000
    assert client.post(f"/costs/{correction.id}/correct", data=right).status_code == 422
    for odd in (2**62, 999_999):
        assert client.get(f"/costs/{odd}").status_code == 404
    assert client.get(f"/costs/{2**70}").status_code in {404, 422}
    assert client_as("marketer").get(f"/costs/{line}").status_code == 200
    assert client_as("marketer").post(f"/costs/{line}/correct", data=right).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_the_pages_are_for_everyone(site: Site, client_as: ClientAs, page_as: PageAs, width: int, theme: str) -> None:
    fill(site, 8)
    client_as("manager").post("/costs/prices", data={"kind": "email", "since": "2026-11-01", "price": "1.2",
                                                     "price_currency": "USD"})  # fmt: skip
    page = page_as("manager", width=width, theme=theme)
    for address in ("/costs", "/costs/new", "/costs?campaign=nothing"):
        page.goto(address)
        axe(page)
        no_sideways_scroll(page)
    page.goto("/costs")
    page.locator("tbody a").nth(1).click()
    page.get_by_label("It should be, in").fill("5")
    page.get_by_label("Why").fill("Twice in the file")
    page.get_by_role("button", name="Correct line").click()
    page.get_by_text("What it was stays to be seen.").wait_for()
    axe(page)
    no_sideways_scroll(page)
