"""Pages of weekly reports and of links to them: read, downloaded, sent, shared, taken back."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from growth.campaigns.letters.records import Letter
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.measurement.reports.keeping import keep_week
from growth.measurement.reports.readers import sign_stop, wants
from growth.measurement.reports.records import ReportLink, ReportSnapshot
from growth.measurement.reports.sharing import MOST_A_MINUTE
from growth.people.accounts import Account, Role
from growth.people.staff import account_by_email
from tests.measurement.reports.filled import MONDAY, fill
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def kept(site: Site) -> dict[str, int]:
    """The week's report of each side, by side."""
    with transaction(site.engine) as session:
        fill(session, site.clock.now())
        return {
            side: keep_week(session, MONDAY, side, made_by="test", now=site.clock.now()).id
            for side in ("buyer", "seller")
        }


def account_id(site: Site, role: str) -> int:
    with transaction(site.engine) as session:
        return account_by_email(session, f"{role}@example.com").id


def shared(client: httpx.Client, path: str, lasts: int = 7) -> str:
    """The path of a link that is made."""
    answer = client.post(path, data={"lasts": str(lasts)})
    assert answer.status_code == 200, answer.text
    found = re.search(r'value="[^"]*(/r/[^"]+)"', answer.text)
    assert found
    return found[1]


def test_an_empty_product_says_what_will_be_here(site: Site, client_as: ClientAs) -> None:
    assert "Each Monday at 7" in client_as("marketer").get("/reports").text
    assert "Make last week" not in client_as("marketer").get("/reports").text
    client = client_as("manager")
    assert client.post("/reports").status_code == 303
    text = plain(client.get("/reports").text)
    assert "Nov 16 – 22, 2026 Sellers" in text
    assert "Make last week" not in text
    with transaction(site.engine) as session:
        assert session.scalar(select(func.count()).select_from(ReportSnapshot)) == 2


def test_a_report_is_read_and_leads_to_the_other_side(client_as: ClientAs, kept: dict[str, int]) -> None:
    client = client_as("marketer")
    text = plain(client.get("/reports").text)
    assert "Nov 16 – 22, 2026 Buyers 714 +7.4% $1,190 3.0×" in text
    page = client.get(f"/reports/{kept['buyer']}").text
    assert f'href="/reports/{kept["seller"]}"' in page
    text = plain(page)
    assert "Registered 714 +7.4%" in text
    assert "Compared with Nov 9 – 15, 2026" in text
    assert "Credit by: Last contact" in text
    assert "Brazil, Search (SEO): registrations −60% since Nov 19, 2026" in text
    assert "Paid search: a registration costs 62% more than before" in text
    assert "$1,280 of $2,000 spent" in text
    assert "Share report" not in text
    assert "Make again" not in text


def test_its_files(client_as: ClientAs, kept: dict[str, int]) -> None:
    client = client_as("marketer")
    answer = client.get(f"/reports/{kept['buyer']}/report.csv")
    assert 'filename="buyer-2026-W47.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert next(row for row in rows if row["Channel"] == "Paid search")["Cost"] == "910.00"
    answer = client.get(f"/reports/{kept['buyer']}/report.parquet")
    assert answer.content[:4] == answer.content[-4:] == b"PAR1"


def test_it_is_sent_by_hand(site: Site, client_as: ClientAs, kept: dict[str, int]) -> None:
    client = client_as("manager")
    path = f"/reports/{kept['buyer']}/send"
    assert client.post(path).status_code == 422
    assert "Choose at least one colleague." in client.post(path).text
    assert client.post(path, data={"to": str(account_id(site, "rep"))}).status_code == 422
    assert client.post(path, data={"to": "9" * 30}).status_code == 422
    assert (
        client.post(path, data={"to": [str(account_id(site, one)) for one in ("manager", "admin")]}).status_code == 303
    )
    with transaction(site.engine) as session:
        assert [one.kind for one in session.scalars(select(Letter))] == ["report", "report"]
    assert client_as("marketer").post(path).status_code == 403


def test_it_is_made_again_on_purpose(client_as: ClientAs, kept: dict[str, int]) -> None:
    client = client_as("manager")
    answer = client.post(f"/reports/{kept['buyer']}/again")
    page = plain(client.get(answer.headers["location"]).text)
    assert "Version 2 ·" in page
    assert "Version 2 Version 1" in page
    assert "Version 2" not in plain(client.get(f"/reports/{kept['buyer']}").text).partition("Versions")[0]


def test_a_link_needs_no_account_and_leads_nowhere(site: Site, client_as: ClientAs, kept: dict[str, int]) -> None:
    path = shared(client_as("manager"), f"/reports/{kept['buyer']}/share")
    answer = client_as(None).get(path)
    assert answer.status_code == 200
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "Buyers : Nov 16 – 22, 2026" in plain(answer.text).replace("Buyers:", "Buyers :")
    main = answer.text.partition("<main")[2]
    assert not re.findall(
        r'href="/(?!static)[^"]*"', re.sub(r'href="#[^"]*"', "", main.replace("<use href=", "<use x="))
    )
    assert "example.com" not in main
    with transaction(site.engine) as session:
        assert session.scalar(select(ReportLink.opened)) == 1


def test_the_channels_page_is_shared_as_it_is_now(site: Site, client_as: ClientAs, kept: dict[str, int]) -> None:
    client = client_as("manager")
    page = client.get("/channels/share?side=buyer&country=BR&days=28")
    assert "Buyers, Brazil" in plain(page.text)
    path = shared(client, "/channels/share?side=buyer&country=BR&days=28", 30)
    with transaction(site.engine) as session:
        session.execute(delete(ReportSnapshot).where(ReportSnapshot.week.is_not(None)))
    text = plain(client_as(None).get(path).text)
    assert "Buyers, Brazil: Oct 28 – Nov 24, 2026" in text
    assert "Registered 126" in text
    assert client.get("/reports").text.count("data-row") == 0
    assert client.post("/channels/share", data={"lasts": "2"}).status_code == 422
    assert kept


def test_it_ends_or_is_taken_back(site: Site, clock: FixedClock, client_as: ClientAs, kept: dict[str, int]) -> None:
    client, stranger = client_as("manager"), client_as(None)
    first, second = (shared(client, f"/reports/{kept['buyer']}/share", days) for days in (1, 7))
    text = plain(client.get("/reports/links").text)
    assert text.count("manager@example.com") == 2
    link = re.search(r"/reports/links/\d+/revoke", client.get("/reports/links").text)
    assert link
    assert client.post(link[0]).status_code == 303
    gone = stranger.get(second)
    assert gone.status_code == 410
    assert "taken back" in gone.text
    clock.moment += timedelta(days=1)
    gone = stranger.get(first)
    assert gone.status_code == 410
    assert "Its time is over." in gone.text
    assert gone.headers["referrer-policy"] == "no-referrer"
    assert client.get("/reports/links?ended=yes").text.count("data-row") == 2
    assert "No link works" in client.get("/reports/links").text
    with transaction(site.engine) as session:
        actions = list(session.scalars(select(AuditEntry.action)))
    assert actions == ["report link made", "report link made", "report link revoked"]


def test_it_is_opened_so_often_and_no_oftener(site: Site, client_as: ClientAs, kept: dict[str, int]) -> None:
    path, stranger = shared(client_as("manager"), f"/reports/{kept['seller']}/share"), client_as(None)
    assert stranger.get(path).status_code == 200
    with transaction(site.engine) as session:
        session.execute(update(ReportLink).values(opened_in_minute=MOST_A_MINUTE - 1))
    answers = [stranger.get(path) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["x-robots-tag"]


@pytest.mark.parametrize(
    "path",
    [
        "/reports/99999999999999999999", "/reports/0", "/reports/x", "/reports?before=x", "/reports/1/report.csv",
        "/reports/links?before=-1", "/reports/links?before=99999999999999999999", "/reports/-1/share",
        "/channels/share?side=both", "/channels/share?days=5", "/reports/7/report.parquet",
    ],
)  # fmt: skip
def test_odd_addresses_are_answered_in_words(client_as: ClientAs, path: str) -> None:
    assert client_as("manager").get(path).status_code in {404, 422}


@pytest.mark.parametrize("token", ["x", "a.b", "%00", "a" * 4000, "Zm9v.AAAAAAAAAAAAAAAAAAAAAA", "%D0%B6.%E4%B8%AD"])
def test_what_is_no_link_of_ours(client_as: ClientAs, token: str) -> None:
    answer = client_as(None).get(f"/r/{token}")
    assert answer.status_code in {403, 404}


def test_the_profile_and_the_letter_end_the_weekly_report(site: Site, client_as: ClientAs) -> None:
    client, stranger = client_as("manager"), client_as(None)
    assert re.search(r'name="reports" value="true" checked', client.get("/profile").text)
    assert 'name="reports"' not in client_as("rep").get("/profile").text
    path = sign_stop(account_id(site, "manager"))
    assert "Stop the weekly report?" in stranger.get(path).text
    assert gets_it(site)
    answer = stranger.post(path, data={"List-Unsubscribe": "One-Click"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.text) == (200, "You get no more weekly reports.")
    assert not gets_it(site)
    assert stranger.post(path).status_code == 303
    assert "come any more" in stranger.get(path).text
    given = {"name": "Ana", "language": "en", "time_zone": "UTC", "reports": "true"}
    assert client.post("/profile", data=given).status_code == 303
    assert gets_it(site)
    assert stranger.get("/p/reports?t=x.y").status_code == 403


def gets_it(site: Site) -> bool:
    with transaction(site.engine) as session:
        account = session.get_one(Account, account_id(site, "manager"))
        return wants(session, account.id, {Role.MANAGER})


def looked_at(kept: dict[str, int]) -> Iterator[str]:
    yield from ("/reports", f"/reports/{kept['buyer']}", f"/reports/{kept['seller']}", "/reports/links")
    yield from (f"/reports/{kept['buyer']}/share", "/channels/share?side=seller")


@pytest.mark.browser
def test_the_pages_are_for_everyone(client_as: ClientAs, page_as: PageAs, kept: dict[str, int]) -> None:
    link = shared(client_as("manager"), f"/reports/{kept['buyer']}/share")
    page = page_as("manager")
    for path in [*looked_at(kept), link]:
        page.goto(path)
        for width, theme in ((390, "dark"), (1440, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            axe(page)
            no_sideways_scroll(page)
    page.goto(f"/reports/{kept['buyer']}")
    page.get_by_role("link", name="Share report").click()
    page.get_by_label("30 days").check()
    page.get_by_role("button", name="Make link").click()
    assert "/r/" in page.get_by_label("Link", exact=True).input_value()
    page.goto("/reports/links")
    page.get_by_role("button", name=re.compile("Take back the link")).first.click()
    assert page.get_by_text("The link is taken back.").is_visible()


@pytest.mark.browser
def test_it_prints_without_what_is_not_for_paper(page_as: PageAs, kept: dict[str, int]) -> None:
    page = page_as("manager", theme="dark", javascript=False)
    page.goto(f"/reports/{kept['buyer']}")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Make again").is_visible()
    assert not page.locator(".side").is_visible()
    assert page.locator("svg.chart").is_visible()
    assert page.locator("details.figures td").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 28, 26)"
    page.set_viewport_size({"width": 718, "height": 1000})
    assert page.get_by_role("columnheader", name="Truly caused").is_visible()
    no_sideways_scroll(page)
