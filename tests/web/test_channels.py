"""The channels page: figures, comparison, findings, what they are made of, and the file."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from growth.database.engine import transaction
from growth.measurement.records import ChannelDay
from growth.spend.ledger import NewCost, record_costs
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

TODAY = date(2026, 11, 24)
WHOLE = 1_000_000


def day_row(day: date, channel: str, acquired: int, cost: int, **more: object) -> dict[str, object]:
    row = {"day": day, "side": "buyer", "channel": channel, "country": "RU", "touches": acquired * 9, "unrated": ""}
    sums = {"acquired": acquired * WHOLE, "orders": acquired * WHOLE // 4, "value_minor": cost * 3, "cost_minor": cost}
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
    assert "Registered 2,212 +14.5%" in text
    assert "Cost $3,360 0.0%" in text
    assert "Paid search $2,240 560 $4.00" in text
    assert "Search (SEO) – 1,400 –" in text
    assert "Nothing stands out" in text
    assert "Other sites" not in text


def test_a_country_and_a_side_are_kept_in_the_address(site: Site, client_as: ClientAs) -> None:
    season(site)
    keep(site, [day_row(TODAY, "paid_search", 0, 700, country="")])
    page = client_as("manager").get("/channels?country=BR&days=7").text
    assert "Affiliates $280 63 $4.44" in plain(page)
    assert "Costs that name no country, $7.00 in this period" in plain(page)
    assert 'href="/channels?side=seller&amp;country=BR&amp;days=7"' in page


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


def test_a_figure_leads_to_the_days_and_costs_it_is_made_of(site: Site, client_as: ClientAs) -> None:
    season(site)
    with transaction(site.engine) as session:
        lines = [
            NewCost(
                source="file", source_key=f"{number}", day=TODAY - timedelta(days=number % 20), side="buyer",
                channel="paid_search", country="RU", campaign=f"Зима № {number} <b>", currency="RUB",
                amount_minor=number,
            )
            for number in range(120)
        ]  # fmt: skip
        record_costs(session, lines, site.clock.now())
    client = client_as("manager")
    assert re.search(r'<a href="/channels/paid_search\?side=buyer&amp;days=28#costs">', client.get("/channels").text)
    path: str | None = "/channels/paid_search?side=buyer&days=28"
    seen: list[str] = []
    while path:
        page = client.get(path).text
        seen += re.findall(r"Зима № (\d+) &lt;b&gt;", page)
        further = re.search(r'href="([^"]+after=[^"]+)"', page)
        path = further[1].replace("&amp;", "&") if further else None
    assert sorted(map(int, seen)) == list(range(120))
    assert "Nov 24, 2026 180 20 5 $240 $80" in plain(client.get("/channels/paid_search").text)


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
        "/channels?country=RUS", "/channels/nothing", "/channels/seo?side=seller", "/channels/seo?after=2026-99-01.1",
        "/channels/seo?after=2026-01-01.99999999999999999999", "/channels/%00", "/channels/export.csv?days=0",
    ],
)  # fmt: skip
def test_odd_addresses_are_answered_in_words(client_as: ClientAs, path: str) -> None:
    assert client_as("manager").get(path).status_code in {404, 422}


def looked_at() -> Iterator[tuple[str, int]]:
    for path in (
        "/channels",
        "/channels?side=seller&days=90",
        "/channels/paid_search",
        "/channels/members?side=seller",
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
    page.get_by_role("button", name="Show").click()
    assert "country=BR" in page.url
    page.get_by_role("link", name="Affiliates").first.click()
    assert page.locator("h1").inner_text() == "Affiliates"
