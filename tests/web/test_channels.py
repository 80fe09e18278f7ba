"""The channels page: figures, comparison, findings, what they are made of, and the file."""

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.experiments.holdouts.records import Holdout
from growth.measurement.advice.records import Advice
from growth.measurement.made_of import FIGURES
from growth.measurement.records import ChannelDay
from growth.measurement.rolling_up import roll_up
from growth.spend.ledger import NewCost, record_costs
from tests.attribution.happened import PAID, PARTNER, credit_all, happen, people
from tests.events.happenings import happening
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

TODAY = date(2026, 11, 24)
WHOLE = 1_000_000


def day_row(day: date, channel: str, acquired: int, cost: int, **more: object) -> dict[str, object]:
    row = {"day": day, "side": "buyer", "channel": channel, "country": "RU", "touches": acquired * 9, "unrated": ""}
    sums = {"acquired": acquired * WHOLE, "orders": acquired * WHOLE // 4, "value_minor": cost * 3, "cost_minor": cost,
            "ordered": acquired * WHOLE // 4, "repeated": acquired * WHOLE // 20, "language": ""}  # fmt: skip
    return row | sums | more


def keep(site: Site, rows: list[dict[str, object]]) -> None:
    with transaction(site.engine) as session:
        session.execute(insert(ChannelDay), rows)


def season(site: Site, *, dearer: bool = False) -> None:
    """Two periods of 28 days: paid search and affiliates cost, search doesn't."""
    rows = []
    for back in range(56):
        now = back < 28
        day = TODAY - timedelta(days=back)
        rows += [
            day_row(day, "paid_search", 20, 13_000 if now and dearer else 8_000),
            day_row(day, "seo", 40 + 10 * now, 0),
            day_row(day, "affiliates", 9, 4_000, country="BR"),
        ]
    keep(site, rows)


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_empty_product_says_what_will_be_here(client_as: ClientAs) -> None:
    page = client_as("manager").get("/channels").text
    assert "Nothing has happened here yet." in page
    assert "Download" not in page


def test_this_period_against_the_last(site: Site, client_as: ClientAs) -> None:
    season(site)
    text = plain(client_as("marketer").get("/channels").text)
    assert "Registered 2,212 +14.5% on 28 days before" in text
    assert "Cost $3,360 0.0%" in text
    assert "First orders 553 +14.5%" in text
    assert "Order in 60 days 25.0% 0.0 pt still open" in text
    assert "Return on spend 3.0× 0.0×" in text
    assert "Paid search $2,240 560 $4.00 25% of all 25.0% 20.0% 3.0× Plan a test" in text
    assert "Search (SEO) – 1,400 –" in text
    assert "Still open: of those from Oct 28, 2026 on the 60 days are not over" in text
    assert "Nothing stands out" in text
    assert "Credit: last contact, 30 days" in text
    assert "Other sites" not in text


def test_another_period_is_compared_with_another(site: Site, client_as: ClientAs) -> None:
    season(site)
    keep(site, [day_row(TODAY - timedelta(days=365), "seo", 30, 500, country="US")])
    client = client_as("manager")
    year = plain(client.get("/channels?days=7&compare=year").text)
    assert "Registered 553 +1,743.3% on a year before" in year
    alone = plain(client.get("/channels?compare=none").text)
    assert "Registered 2,212 Registered: trend by day" in alone
    month = client.get("/channels?period=2026-10&compare=").text
    assert "Registered 2,179" in plain(month)
    assert "on 31 days before" in month
    assert 'href="/channels?side=seller&amp;month=2026-10"' in month
    days = client.get("/channels?from=2026-11-02&to=2026-11-03").text
    assert "Registered 158" in plain(days)
    assert "from=2026-11-02&amp;to=2026-11-03&amp;figure=orders" in days
    weekly = client.get("/channels?from=2026-01-01&to=2026-11-20").text
    assert "Registered buyers by week" in weekly


def test_a_period_that_cannot_be_is_told_beside_its_days(client_as: ClientAs) -> None:
    for days, told in (
        ("from=2026-11-24&to=2026-11-01", "The last day isn’t before the first."),
        ("from=2026-11-24&to=2027-11-01", "Give a day until today."),
        ("from=2020-01-01&to=2026-11-01", "A report covers 365 days at most."),
        ("from=%00&to=2026-11-01", "Give a day until today."),
    ):
        answer = client_as("manager").get(f"/channels?{days}")
        assert answer.status_code == 422
        assert told.replace("’", "'") in html.unescape(answer.text)
        assert 'aria-invalid="true"' in answer.text


def test_a_country_a_language_and_a_side_are_kept_in_the_address(site: Site, client_as: ClientAs) -> None:
    season(site)
    keep(site, [day_row(TODAY, "paid_search", 0, 700, country="")])
    keep(site, [day_row(TODAY, "seo", 11, 0, country="BR", language="ru")])
    client = client_as("manager")
    page = client.get("/channels?country=BR&days=7").text
    assert "Affiliates $280 63 $4.44" in plain(page)
    assert "Costs that name no country, $7.00 in this period" in plain(page)
    assert 'href="/channels?side=seller&amp;country=BR&amp;days=7"' in page
    assert "Truly caused" not in page
    page = client.get("/channels?language=ru").text
    assert "Registered 11 nothing to compare Registered: trend by day Cost – nothing" in plain(page)
    assert "Costs name no language" in page
    both = client.get("/channels?language=ru&country=BR&days=7&compare=none").text
    assert "Registered 11 Registered: trend by day" in plain(both)
    assert 'href="/channels?side=seller&amp;country=BR&amp;language=ru&amp;days=7&amp;compare=none"' in both


def test_what_is_credited_stands_beside_what_was_caused(site: Site, client_as: ClientAs) -> None:
    season(site)
    shown = {"share": 0.05, "share_low": 0.04, "share_high": 0.06, "weeks": 4}
    with transaction(site.engine) as session:
        session.add(
            Holdout(
                side="buyer", channel="paid_search", kind="regions", name="Brazil rests", outcome="acquired",
                regions=["BR"], starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 28), state="read", result=shown,
                created_at=site.clock.now(), created_by="m@e.example", weeks=4,
                settle_days=0, plan={},
            )
        )  # fmt: skip
    page = client_as("manager").get("/channels").text
    text = plain(page)
    assert "3.0× +111 ± 22 credited more" in text
    assert "Paid search: credited with much more than it causes" in text
    assert "Credited with 560, truly caused 111 (88 … 133 nine times in ten)." in text
    assert re.search(r'href="/experiments/\d+">\+111', page)
    assert 'href="/experiments/new?channel=buyer.seo"' in page
    chosen = client_as("manager").get("/experiments/new?channel=buyer.seo").text
    assert '<option value="buyer.seo" selected>' in chosen


def test_the_best_move_of_money_or_why_there_is_none(site: Site, client_as: ClientAs) -> None:
    season(site)
    client = client_as("marketer")
    assert "This has not been reckoned yet." in client.get("/channels").text
    assert "Share report" not in client.get("/channels").text
    assert 'href="/channels/share?side=buyer&amp;days=28"' in client_as("manager").get("/channels").text
    names = {"from_channel": "paid_search", "to_channel": "affiliates", "amount": 300_000, "currency": "USD"}
    with transaction(site.engine) as session:
        answer = names | {"low": 40.2, "expected": 120.4, "high": 190.0}
        session.add(
            Advice(side="buyer", reckoned_at=site.clock.now(), currency="USD", answer=answer, curves={})
        )  # fmt: skip
    text = plain(client.get("/channels").text)
    assert "Move $3,000 a month from Paid search to Affiliates." in text
    assert "Expected +120 registered buyers a month, between +40 and +190 nine times in ten. See the curves" in text


def test_all_countries(site: Site, client_as: ClientAs) -> None:
    season(site)
    client = client_as("manager")
    assert re.search(r'href="/channels/countries\?side=buyer&amp;days=28">all 2</a>', client.get("/channels").text)
    text = plain(client.get("/channels/countries?days=28").text)
    assert "Russia 1,960 88.6% 490 25.0% $6,720 $2,240 Brazil 252 11.4%" in text
    assert "None in this period." in client.get("/channels/countries?month=2020-01").text


def test_what_became_dearer_or_is_missing_is_told(site: Site, client_as: ClientAs) -> None:
    season(site, dearer=True)
    keep(site, [day_row(TODAY - timedelta(days=3), "paid_search", 1, 0, country="US", unrated="CNY")])
    text = plain(client_as("manager").get("/channels").text)
    assert "Paid search: a registration costs 62% more than before" in text
    assert "$4.00 in the days before, $6.49 now." in text
    assert "No rate for CNY on some days" in text
    assert "but without a cost" not in text


def test_days_without_a_cost_of_a_channel_that_costs_are_told(site: Site, client_as: ClientAs) -> None:
    rows = [day_row(TODAY - timedelta(days=back), "paid_search", 5, 500 if back > 3 else 0) for back in range(20)]
    keep(site, rows)
    text = plain(client_as("manager").get("/channels").text)
    assert "Paid search: days with registrations but without a cost: 3" in text


def test_a_figure_leads_to_the_people_and_events_it_is_made_of(site: Site, client_as: ClientAs) -> None:
    buyers = people(site.engine, site.clock.now(), 60, country="BR")
    happened = []
    for number, buyer in enumerate(buyers):
        at = site.clock.now() - timedelta(hours=number)
        happened += [
            happening(f"c{number}", at - timedelta(hours=2), person_id=buyer, properties=PARTNER),
            happening(f"t{number}", at - timedelta(hours=1), person_id=buyer, properties=PAID),
            happening(f"r{number}", at, kind="registration", person_id=buyer),
        ]
    happen(site.engine, site.clock.now(), *happened)
    credit_all(site.engine, site.clock.now())
    with transaction(site.engine) as session:
        roll_up(session, site.clock.now(), None, 100)
    client = client_as("manager")
    front = client.get("/channels?days=28").text
    link = re.search(r'href="(/channels/made-of[^"]+figure=acquired[^"]*channel=paid_search)">60<', front)
    assert link
    path: str | None = html.unescape(link[1])
    seen: list[str] = []
    while path:
        page = client.get(path).text
        assert "<h1>Registered: 60</h1>" in page
        assert "Affiliates → Paid search" in page
        seen += re.findall(r'href="/people/(\d+)"', page)
        further = re.search(r'href="([^"]+after=[^"]+)" rel="next"', page)
        path = html.unescape(further[1]) if further else None
    assert sorted(map(int, seen)) == sorted(buyers)
    day = client.get("/channels/made-of?day=2026-11-23&figure=acquired").text
    assert "<h1>Registered: 24</h1>" in day
    rows = list(csv.DictReader(io.StringIO(client.get(html.unescape(link[1]).replace("?", "/export.csv?")).text)))
    assert len(rows) == 60
    assert {row["Contacts before"] for row in rows} == {"Affiliates > Paid search"}
    assert sum(float(row["Part"]) for row in rows) == 60
    assert client.get(rows_of_person(rows)).status_code == 200
    assert client_as("rep").get("/channels/made-of").status_code == 403


def rows_of_person(rows: list[dict[str, str]]) -> str:
    return f"/people/{rows[0]['Person']}"


def test_the_cost_leads_to_its_lines_and_no_formula_gets_out(site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        lines = [
            NewCost(
                source="file", source_key=f"{number}", day=TODAY - timedelta(days=number % 20), side="buyer",
                channel="paid_search", country="RU", campaign=f"=Зима № {number} <b>", currency="USD",
                amount_minor=number,
            )
            for number in range(120)
        ]  # fmt: skip
        record_costs(session, lines, site.clock.now())
        roll_up(session, site.clock.now(), None, 100)
    client = client_as("manager")
    path: str | None = "/channels/made-of?figure=cost&channel=paid_search&country=RU"
    seen: list[str] = []
    while path:
        page = client.get(path).text
        assert "<h1>Cost: $71.40</h1>" in page
        seen += re.findall(r"=Зима № (\d+) &lt;b&gt;", page)
        further = re.search(r'href="([^"]+after=[^"]+)" rel="next"', page)
        path = html.unescape(further[1]) if further else None
    assert sorted(map(int, seen)) == list(range(120))
    answer = client.get("/channels/made-of/export.csv?figure=cost&channel=paid_search")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sum(Decimal(row["Amount"]) for row in rows) == Decimal("71.40")
    assert all(row["Campaign"].startswith("'=") for row in rows)
    with transaction(site.engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "channels.export")).one()
        assert entry.subject == "cost"


def test_nothing_is_made_of_nothing(client_as: ClientAs) -> None:
    for figure in FIGURES:
        page = client_as("manager").get(f"/channels/made-of?figure={figure}&days=7").text
        assert "There is nothing of this in this period." in page


def test_the_file_holds_the_table_and_no_formula(site: Site, client_as: ClientAs) -> None:
    season(site)
    answer = client_as("manager").get("/channels/export.csv?days=28")
    assert 'filename="channels-buyer-2026-10-28-2026-11-24.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    paid = next(row for row in rows if row["Channel"] == "Paid search")
    assert (paid["Cost"], paid["Registered"], paid["Cost (before)"]) == ("2240.00", "560", "2240.00")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize(
    "path",
    [
        "/channels?days=99999999999999999999", "/channels?days=x", "/channels?side=both", "/channels?country=%00%00",
        "/channels?country=RUS", "/channels/nothing", "/channels/seo?side=seller",
        "/channels/%00", "/channels/export.csv?days=0", "/channels?month=2026-13", "/channels?month=9999-99",
        "/channels?month=2026-12", "/channels?period=x", "/channels?language=fr", "/channels?compare=all",
        "/channels?period=9999999999999999999999", "/channels/export.csv?from=2026-11-24&to=2026-11-01",
        "/channels/made-of?figure=people", "/channels/made-of?channel=nothing", "/channels/made-of?day=x",
        "/channels/made-of?day=0001-01-01", "/channels/made-of?after=x", "/channels/made-of?after=2026-01-01~1",
        "/channels/made-of?after=2026-01-01T00:00:00~1~1", "/channels/countries?days=5",
        "/channels/made-of?after=2026-01-01T00:00:00%2B00:00~99999999999999999999~0",
        "/channels/made-of?figure=cost&after=2026-99-01~1", "/channels/made-of/export.csv?figure=%00",
    ],
)  # fmt: skip
def test_odd_addresses_are_answered_in_words(client_as: ClientAs, path: str) -> None:
    assert client_as("manager").get(path).status_code in {404, 422}


def looked_at() -> Iterator[tuple[str, int]]:
    for path in (
        "/channels",
        "/channels?side=seller&days=90",
        "/channels?language=ru&country=RU&compare=none",
        "/channels?period=own",
        "/channels/countries",
        "/channels/made-of?figure=cost",
        "/channels/made-of?figure=acquired",
    ):
        for width in (390, 1440):
            yield path, width


@pytest.mark.browser
def test_the_page_is_for_everyone(site: Site, page_as: PageAs) -> None:
    season(site, dearer=True)
    keep(site, [day_row(TODAY, "members", 3, 12_345_678, side="seller", country="CN"), day_row(TODAY, "direct", 7, 0)])
    page = page_as("manager")
    for path, width in looked_at():
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            page.goto(path)
            axe(page)
            no_sideways_scroll(page)
    page.goto("/profile")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/channels")
    page.get_by_label("Country").select_option("BR")
    page.wait_for_url("**country=BR**")
    page.get_by_label("Period").select_option("own")
    page.get_by_label("From", exact=True).fill("2026-11-20")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**from=2026-11-20**")
    assert page.get_by_label("Country").input_value() == "BR"
    page.get_by_label("Compare with").select_option("none")
    page.wait_for_url("**compare=none**")
    assert page.get_by_label("From", exact=True).input_value() == "2026-11-20"
    page.get_by_role("link", name="45", exact=True).first.click()
    assert page.locator("h1").inner_text() == "Registered: 45"
    with_script_off = page_as("manager", javascript=False)
    with_script_off.goto("/channels")
    with_script_off.get_by_label("Country").select_option("BR")
    with_script_off.get_by_role("button", name="Show").click()
    assert "country=BR" in with_script_off.url
