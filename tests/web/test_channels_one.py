"""The page of a channel: funnel, cohorts, places, campaigns, the month, and changing its budget."""

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.experiments.holdouts.records import Holdout
from growth.measurement.by_campaign.records import CampaignDay
from growth.measurement.funnels.records import CohortWeek, StepDay, Way
from growth.measurement.funnels.steps import STEPS
from growth.measurement.records import Anomaly, ChannelDay
from growth.spend.budgets import budgets_of, guard
from growth.spend.ledger import NewCost, record_costs
from tests.conftest import NOON
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

TODAY = date(2026, 11, 24)
WHOLE = 1_000_000
DAY = timedelta(days=1)
REACHED = {
    "buyer": dict(zip(STEPS["buyer"], (4_000, 1_500, 900, 210, 60), strict=True)),
    "seller": dict(zip(STEPS["seller"], (900, 700, 420, 300, 240, 200, 90), strict=True)),
}
PLACES = (("RU", "ru", 5), ("BR", "pt_BR", 3), ("US", "en", 2), ("", "", 1))
LONG = "Весенняя распродажа для магазинов обуви и сумок во всех городах — 春季大促销 " * 3


def fill(site: Site, channel: str = "paid_search", side: str = "buyer") -> None:
    """Ninety days of a channel with everything that its page shows."""
    days = [TODAY - DAY * back for back in range(90)]
    figures = [
        {"day": day, "side": side, "channel": channel, "country": country, "language": language,
         "touches": 90 * times, "acquired": (10 + day.day % 5) * times * WHOLE, "orders": 2 * times * WHOLE,
         "value_minor": 9_000 * times, "cost_minor": 3_000 * times, "ordered": 2 * times * WHOLE, "repeated": WHOLE}
        for day in days for country, language, times in PLACES
    ]  # fmt: skip
    steps = [
        {"side": side, "channel": channel, "day": day, "country": country, "language": language, "step": step,
         "people": count * times * WHOLE // 11}
        for day in days[:28] for country, language, times in (*PLACES, ("*", "*", 11))
        for step, count in REACHED[side].items()
    ]  # fmt: skip
    monday = TODAY - DAY * TODAY.weekday()
    cohorts = [
        {"side": side, "channel": channel, "week": monday - 7 * DAY * back, "country": "*", "language": "*",
         "within": within, "people": (300 if within == 0 else 40 // within) * WHOLE}
        for back in range(12) for within in range(min(back + 1, 12) + 1)
    ]  # fmt: skip
    campaigns = [
        {"side": side, "channel": channel, "day": TODAY, "campaign": name, "acquired": acquired * WHOLE,
         "orders": WHOLE, "value_minor": 70_000, "cost_minor": 12_300}
        for name, acquired in (("brand", 90), (LONG.strip(), 12), ("<b>no</b>", 3))
    ]  # fmt: skip
    with transaction(site.engine) as session:
        session.execute(insert(ChannelDay), figures)
        session.execute(insert(StepDay), steps)
        session.execute(insert(CohortWeek), cohorts)
        session.execute(insert(CampaignDay), campaigns)


def plain(page: str) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page).split())


def test_a_channel_of_which_nothing_is_known_says_so(client_as: ClientAs) -> None:
    text = plain(client_as("marketer").get("/channels/email").text)
    assert "No campaign is named in this period" in text
    assert "None in this period." in text
    assert "Nobody's first step was in this period." in html.unescape(text)
    assert "Nobody registered by it in these weeks." in text
    assert "Change budget" not in text


def test_the_funnel_has_each_step_with_its_share_and_its_loss(site: Site, client_as: ClientAs) -> None:
    fill(site)
    fill(site, "members", "seller")
    client = client_as("manager")
    text = plain(client.get("/channels/paid_search").text)
    assert "Registered 25,200 60.0% 16,800" in text
    assert "verified" not in text.lower()
    sellers = plain(client.get("/channels/members?side=seller").text)
    assert "Contacted 25,200 – –" in sellers
    assert all(f" {name} " in sellers for name in STEPS["seller"].values())
    assert "Subscribed" not in sellers
    part = plain(client.get("/channels/paid_search?country=BR&language=pt_BR&days=7").text)
    assert "Registered 1,718.2 60.0%" in part


def test_a_step_leads_to_those_who_reached_it(site: Site, client_as: ClientAs) -> None:
    ways = [
        {"side": "buyer", "who": f"{kind}{number:05}", "entered": TODAY - DAY * (number % 20),
         "reached": 1 + number % 4,
         "channels": {"seo": WHOLE} if number % 2 else {"seo": 250_000, "email": 750_000}, "country": "RU",
         "language": "ru"}
        for kind in "pvl" for number in range(120)
    ]  # fmt: skip
    with transaction(site.engine) as session:
        session.execute(insert(Way), ways)
    client, path = client_as("manager"), "/channels/seo/steps/registered?side=buyer&country=RU&days=28"
    seen: list[str] = []
    while path:
        page = client.get(path)
        assert page.status_code == 200
        seen += re.findall(r"<tr data-row><td>.*?(?:/people/|/leads/|A visitor)(\d*)", page.text)
        further = re.search(r'href="([^"]+after=[^"]+)"', page.text)
        path = further[1].replace("&amp;", "&") if further else ""
    known = [f"{number:05}" for number in range(120) if number % 4 >= 2]
    assert sorted(one for one in seen if one) == sorted(known * 2)
    assert seen.count("") == len(known)
    assert "Nobody whose first step" in client.get("/channels/seo/steps/repeat_order").text


def test_cohorts_are_a_triangle_with_the_open_weeks_marked(site: Site, client_as: ClientAs) -> None:
    fill(site)
    text = plain(client_as("manager").get("/channels/paid_search").text)
    assert "Nov 23, 2026 300 13.3% … Nov 16, 2026 300 13.3% … Nov 9, 2026 300 13.3% 20.0% … Nov 2, 2026" in text


def test_where_they_come_from_and_by_which_campaigns(site: Site, client_as: ClientAs) -> None:
    fill(site)
    page = client_as("manager").get("/channels/paid_search").text
    assert re.search(r'href="/channels/paid_search\?side=buyer&amp;country=RU&amp;days=28"', page)
    assert "Português (Brasil)" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "brand $123 90 1 $700" in plain(page)
    links = re.findall(r'href="(/channels/made-of\?[^"]+)"', page)
    assert len(links) >= 6
    assert all("channel=paid_search" in link for link in links)


def test_what_stands_out_of_a_channel_and_what_it_caused(site: Site, client_as: ClientAs) -> None:
    fill(site)
    yesterday = TODAY - DAY
    odd = {"day": yesterday, "since": yesterday, "side": "buyer", "country": "BR", "change": 6400, "found_at": NOON,
           "measure": "cost_each", "evidence": {"seen": 5, "expected": 8, "p": 1e-7, "causes": []}}  # fmt: skip
    with transaction(site.engine) as session:
        session.execute(insert(Anomaly), [odd | {"channel": one} for one in ("paid_search", "seo")])
        result = {"share": 0.05, "share_low": 0.04, "share_high": 0.06, "weeks": 4}
        session.add(
            Holdout(side="buyer", channel="paid_search", kind="regions", name="Brazil rests", outcome="acquired",
                    regions=["BR"], starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 28), state="read", weeks=4,
                    result=result, created_at=NOON, created_by="m@e.example", settle_days=0, plan={})
        )  # fmt: skip
    page = client_as("manager").get("/channels/paid_search").text
    text = plain(page)
    assert text.count("Brazil, Paid search: cost per registration") == 1
    assert "Search (SEO): cost" not in text
    assert "credited with much more than it causes" in text
    assert "by the hold-out measured until Sep 28, 2026." in text
    assert re.search(r'href="/experiments/\d+">\+186', page)


@pytest.mark.parametrize("path", [
    "nothing", "members", "%00", "paid_search?days=8", "paid_search/budget?side=both", "direct/budget",
    "paid_search/budget?month=2026-10", "paid_search/budget?month=%D9%A1", "paid_search/budget?month=2027-11",
    "seo/steps/lost", "seo/steps/contacted", "nothing/steps/visited", "seo/steps/visited?after=x",
    "seo/steps/visited?days=8",
])  # fmt: skip
def test_odd_addresses_are_answered_in_words(client_as: ClientAs, path: str) -> None:
    assert client_as("manager").get(f"/channels/{path}").status_code in {404, 422}


def spent(site: Site, cents: int = 10_000) -> None:
    """On each of the last 60 days, in the ledger and in the roll-up."""
    lines = [NewCost(source="t", source_key="a", day=TODAY - DAY * back, side="buyer", channel="seo",
                     amount_minor=cents + 500 * (back % 3), currency="USD") for back in range(60)]  # fmt: skip
    rows = [{"day": one.day, "side": "buyer", "channel": "seo", "country": "", "cost_minor": one.amount_minor}
            for one in lines]  # fmt: skip
    with transaction(site.engine) as session:
        record_costs(session, lines, NOON)
        session.execute(insert(ChannelDay), rows)


def test_a_budget_is_looked_at_before_it_is_changed(site: Site, client_as: ClientAs) -> None:
    spent(site)
    client = client_as("manager")
    before = client.get("/channels/seo/budget")
    assert "Spent until yesterday" in before.text
    seen = plain(client.get("/channels/seo/budget", params={"amount": "2500"}).text)
    assert "The budget goes from none to $2,500." in seen
    assert "The month will end above the budget." in seen
    enough = plain(client.get("/channels/seo/budget", params={"amount": "9000"}).text)
    assert "The month will end within the budget." in enough
    odd = client.get("/channels/seo/budget", params={"amount": "a lot"})
    assert odd.status_code == 422
    assert 'value="a lot"' in odd.text
    with transaction(site.engine) as session:
        assert budgets_of(session, "buyer", TODAY) == {}


def test_a_budget_is_changed_audited_and_never_over_another_change(site: Site, client_as: ClientAs) -> None:
    spent(site)
    client, given = client_as("manager"), {"side": "buyer", "month": "2026-11", "amount": "4000", "version": "0"}
    done = client.post("/channels/seo/budget", data=given)
    assert (done.status_code, done.headers["location"]) == (303, "/channels/seo?side=buyer")
    assert "$4,000" in client.get("/channels/seo").text
    late = client.post("/channels/seo/budget", data=given | {"amount": "5000"})
    assert late.status_code == 409
    assert "It is $4,000 now. Save again to put yours in its place." in plain(late.text)
    assert 'value="5000"' in late.text
    assert 'name="version" value="1"' in late.text
    again = client.post("/channels/seo/budget", data=given | {"amount": "5000", "version": "1"})
    assert again.status_code == 303
    with transaction(site.engine) as session:
        assert budgets_of(session, "buyer", TODAY)["seo"].amount_minor == 500_000
        logged = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "budget change")).all()
    assert [(one["before"], one["after"]) for one in logged] == [(0, 400_000), (400_000, 500_000)]


def test_a_budget_is_never_less_than_is_spent_or_promised(site: Site, client_as: ClientAs) -> None:
    spent(site)
    client, given = client_as("manager"), {"side": "buyer", "month": "2026-11", "version": "0"}
    less = client.post("/channels/seo/budget", data=given | {"amount": "2000"})
    assert less.status_code == 422
    assert "More of this month is spent already, or held by plans: 2520.00 USD." in plain(less.text)
    assert client.post("/channels/seo/budget", data=given | {"amount": "7000"}).status_code == 303
    with transaction(site.engine) as session:
        guard(session, "seo", TODAY, 350_000, "USD", plan="links", now=NOON)
    held = client.post("/channels/seo/budget", data=given | {"amount": "3000", "version": "1"})
    assert held.status_code == 422
    assert "Plans hold more of this budget already." in plain(held.text)
    assert "At least $6,020.00" in plain(held.text)
    assert client_as("marketer").post("/channels/seo/budget", data=given | {"amount": "9000"}).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_for_everyone(site: Site, page_as: PageAs, width: int) -> None:
    fill(site)
    fill(site, "members", "seller")
    page = page_as("manager", width=width)
    for path in (
        "/channels/paid_search",
        "/channels/members?side=seller&days=90",
        "/channels/email",
        "/channels/paid_search/steps/visited",
    ):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            page.goto(path)
            axe(page)
            no_sideways_scroll(page)


@pytest.mark.browser
def test_a_budget_is_changed_by_keyboard_with_its_effect_seen(site: Site, page_as: PageAs) -> None:
    spent(site)
    page = page_as("manager", width=390)
    page.goto("/channels/seo")
    page.get_by_role("link", name="Change budget").press("Enter")
    page.get_by_label("Amount for the month").fill("2600")
    page.get_by_text("The budget goes from none to $2,600.").wait_for()
    axe(page)
    no_sideways_scroll(page)
    page.get_by_label("Amount for the month").press("Enter")
    page.get_by_text("The budget is changed.").wait_for()
    assert "$2,600" in page.get_by_role("region", name="Budget of this month").inner_text()
