"""Anomalies on their pages: listed, filtered, one looked at, seen and explained, and as a file."""

import csv
import io
import os
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from growth.database.engine import transaction
from growth.measurement.records import Anomaly, ChannelDay
from tests.conftest import NOON
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

SLOW = [["held:touches", 200, {}], ["answer", 58000, {"before": 900, "now": 6100}], ["budget", 0, {}],
        ["stopped", 0, {"names": "Bags, Шарфы, 丝绸", "more": 2}], ["rate", 0, {"currencies": "BRL"}],
        ["bots", 2000, {"before": 500, "now": 2500}]]  # fmt: skip


def anomalies(site: Site, *rows: dict[str, Any]) -> list[int]:
    day = NOON.date() - timedelta(days=1)
    plain = {"day": day, "since": day, "side": "buyer", "channel": "paid_search", "country": "BR", "change": 6400,
             "measure": "cost_each", "found_at": NOON, "state": "new", "explanation": "",
             "evidence": {"seen": 50_000_000, "expected": 82_000_000, "p": 1e-7, "causes": SLOW,
                          "beneath": [["paid_search", "*", "cost_each", 2100]]}}  # fmt: skip
    with transaction(site.engine) as session:
        return list(session.scalars(insert(Anomaly).returning(Anomaly.id), [plain | row for row in rows]))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_one_is_told_in_plain_words_with_what_lies_behind_it(site: Site, client_as: ClientAs) -> None:
    (number,) = anomalies(site, {})
    text = plain(client_as("marketer").get(f"/anomalies/{number}").text)
    sentence = "Brazil, Paid search: cost per registration up 64% since Monday, while visits held"
    assert f"{sentence}; pages answer in 6.1 s since then" in text
    assert "For the same cost 50 came instead of 82." in text
    for told in (
        "The budget of this month is spent.", "Without cost since then: Bags, Шарфы, 丝绸 and 2 more.",
        "Amounts without a rate are left out: BRL.", "Bots make 25% of the page views, 5% before.",
        "Pages answer in 6.1 s since then, 0.9 s before.", "Paid search: cost per registration +21%",
    ):  # fmt: skip
        assert told in text


def test_it_stands_on_the_channels_page_too_and_leads_to_all_of_them(site: Site, client_as: ClientAs) -> None:
    (number,) = anomalies(site, {})
    row = {"day": NOON.date(), "side": "buyer", "channel": "paid_search", "country": "BR", "touches": 5}
    with transaction(site.engine) as session:
        session.execute(insert(ChannelDay), [row])
    page = client_as("manager").get("/channels").text
    assert f'href="/anomalies/{number}"' in page
    assert 'href="/anomalies"' in page


def test_what_can_t_be_kept_is_shown_again_with_its_text(site: Site, client_as: ClientAs) -> None:
    (number,) = anomalies(site, {})
    manager = client_as("manager")
    for wrong, words in (
        ("x" * 501, "Say in at most 500 letters"),
        ("a\x00b", "Write it in one line"),
        (" ", "Say in"),
    ):
        answer = manager.post(f"/anomalies/{number}", data={"state": "explained", "explanation": wrong})
        assert answer.status_code == 422
        assert words in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert (
        f'value="{"x" * 501}"'
        in manager.post(f"/anomalies/{number}", data={"state": "explained", "explanation": "x" * 501}).text
    )
    assert manager.post(f"/anomalies/{number}", data={"state": "gone"}).status_code == 422
    assert manager.post(f"/anomalies/{number}", data={"state": "seen"}).status_code == 303
    assert manager.post(f"/anomalies/{number}", data={"state": "seen"}).status_code == 409
    done = manager.post(f"/anomalies/{number}", data={"state": "explained", "explanation": "a broken form"})
    assert done.status_code == 303
    assert "a broken form" in manager.get("/anomalies?state=explained").text
    assert manager.get(f"/anomalies/{2**62}").status_code == 404
    assert manager.get(f"/anomalies/{2**70}").status_code in {404, 422}
    assert client_as("rep").get("/anomalies").status_code == 403


def test_filters_pages_and_the_file_hold_the_same(site: Site, client_as: ClientAs) -> None:
    day = NOON.date()
    rows = [{"day": day - timedelta(days=back), "explanation": f"E{back}", "state": "explained"} for back in range(60)]
    shops = {"side": "seller", "channel": "online", "measure": "acquired", "country": "", "change": -4000}
    anomalies(site, *rows, shops, {"country": "RU", "explanation": "=1+1", "state": "explained"})
    manager = client_as("manager")
    first = manager.get("/anomalies?side=buyer&state=explained").text
    (more,) = re.findall(r'href="(/anomalies\?[^"]*after=\d+)"', first)
    rest = manager.get(more.replace("&amp;", "&")).text
    told = [re.findall(r">E(\d+)<", page) for page in (first, rest)]
    assert len(told[0]) + len(told[1]) == 60
    assert set(told[0]) & set(told[1]) == set()
    text = plain(manager.get("/anomalies?side=seller&channel=nonsense").text)
    assert "Country not known, Online methods: opened shops down 40%" in text
    assert "None of them fits this filter." in manager.get("/anomalies?side=seller&state=seen").text
    file = manager.get("/anomalies/export.csv?side=buyer&state=explained").text
    lines = list(csv.reader(io.StringIO(file.removeprefix("\ufeff"))))
    assert len(lines) == 62
    assert "'=1+1" in {line[7] for line in lines}
    assert len(list(csv.reader(io.StringIO(manager.get("/anomalies/export.csv").text)))) == 63


def test_before_there_is_one_the_page_says_what_will_be_here(client_as: ClientAs) -> None:
    assert "Nothing left its usual course so far." in client_as("marketer").get("/anomalies").text


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_they_can_be_read_and_explained(site: Site, page_as: PageAs, width: int, theme: str) -> None:
    fairs = {"side": "seller", "channel": "offline", "measure": "orders", "change": -3300, "state": "seen"}
    anomalies(site, {}, {"country": "RU", "state": "explained", "explanation": "A fair " * 40}, fairs)
    page = page_as("manager", width=width, theme=theme)
    page.goto("/anomalies")
    axe(page)
    no_sideways_scroll(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/anomalies-{width}.png", full_page=True)
    page.get_by_role("link", name="Brazil, Paid search").click()
    page.get_by_role("heading", name="What may lie behind it").wait_for()
    axe(page)
    no_sideways_scroll(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/anomaly-{width}.png", full_page=True)
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Say in at most 500 letters what it was.").wait_for()
    axe(page)
    page.get_by_label("What it was", exact=True).fill("The pages were slow")
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Explained, and off the list.").wait_for()
    with transaction(site.engine) as session:
        assert "The pages were slow" in session.scalars(select(Anomaly.explanation)).all()
