"""The pages about collecting: the snippet and rules, what arrived, files of events and of rates."""

import io
from datetime import timedelta
from typing import Any

import httpx
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from sqlalchemy import select

from growth.clock import FixedClock
from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from growth.events.records import Event
from growth.events.rules import collector_rules
from growth.people.accounts import Role
from growth.scheduling.records import JobRun
from growth.spend.records import CurrencyRate
from tests.campaigns.sending import Worker
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site
from tests.web.test_collector import FIREFOX, send, view

PAGE, FILES = "/settings/collecting", "/settings/files"


def tell(site: Site) -> None:
    """A person's view, a bot's, and something that is refused."""
    send(site, [view(properties={"url": "https://shop.example/сумки"})])
    send(site, [view()], user_agent="Googlebot/2.1")
    send(site, [view(kind="order"), view(kind="nonsense")])


def test_both_pages_are_one_entry_of_the_menu(client_as: ClientAs) -> None:
    for path in (PAGE, FILES):
        page = client_as(Role.ADMIN).get(path).text
        assert f'href="{PAGE}" aria-current="page"' in page
        assert page.count('aria-current="page"') == 1


def test_what_arrived_what_was_a_bot_s_and_what_was_refused(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    empty = client_as(Role.MARKETER).get(PAGE).text
    assert "Nothing yet." in empty
    tell(site)
    for width, theme in ((1440, "light"), (390, "dark")):
        page = page_as(Role.ADMIN, width=width, theme=theme)
        page.goto(PAGE)
        assert page.get_by_label("Line to copy").input_value().startswith("<script async src=")
        assert page.get_by_text("https://shop.example/сумки").is_visible()
        assert page.get_by_text("Calls itself a program").count() == 2
        assert (
            page.get_by_text("There is no such kind of event.").count()
            + page.get_by_text("the collector's key").count()
        )
        axe(page)
        no_sideways_scroll(page)


def test_an_admin_saves_the_rules_and_they_hold(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    page = page_as(Role.ADMIN)
    page.goto(PAGE)
    page.get_by_label("Sites", exact=True).fill("no host at all")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("“no host at all” is no host.").is_visible()
    assert page.get_by_label("Sites", exact=True).input_value() == "no host at all"
    page.get_by_label("Sites", exact=True).fill("https://shop.example/\nb.example")
    page.get_by_label("Respect Do Not Track").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The rules are saved.").wait_for()
    assert 'data-sites="shop.example b.example" data-signals="gpc"' in page.get_by_label("Line to copy").input_value()
    with transaction(site.engine) as session:
        assert not collector_rules(session).respects_dnt
    told = send(site, [view()], origin="https://evil.example")
    assert told.status_code == 403
    assert "evil.example" in told.json()["error"]
    assert send(site, [view()], origin="https://www.shop.example").json()["accepted"] == 1
    assert "evil.example" in client_as(Role.MARKETER).get(PAGE).text
    assert client_as(Role.MARKETER).post(PAGE, data={}).status_code == 403


def upload(client: httpx.Client, kind: str, text: str | bytes) -> httpx.Response:
    content = text.encode() if isinstance(text, str) else text
    return client.post(f"{FILES}/{kind}", files={kind: (f"{kind}.csv", content)})


def test_a_file_of_events_becomes_a_run(site: Site, client_as: ClientAs) -> None:
    client = client_as(Role.MARKETER)
    answer = upload(client, "events", "kind,at\npage_view,2026-11-20\n")
    assert answer.status_code == 303
    with transaction(site.engine) as session:
        run = session.scalars(select(JobRun).where(JobRun.job == "import_events")).one()
    assert answer.headers["location"] == f"/jobs/runs/{run.id}"
    assert "events.csv" in client.get(FILES).text
    assert client.get(f"{FILES}/rejected/{run.id}.csv").status_code == 404
    assert client.get(f"{FILES}/rejected/{2**62}.csv").status_code == 404
    assert client.post(f"{FILES}/events").status_code == 422


def test_a_parquet_file_is_brought_in_by_the_job_and_its_bad_rows_can_be_had(
    site: Site, client_as: ClientAs, clock: FixedClock
) -> None:
    moments = [1_795_000_000_000_000, 1_795_100_000_000_000, None, 1_795_200_000_000_000]
    columns: dict[str, Any] = {
        "id": Array(["a", "b", "c", "d"], type=DataType.string()),
        "kind": Array(["page_view", "order", "order", "order"], type=DataType.string()),
        "at": Array(moments, type=DataType.int64()).cast(DataType.timestamp("us", tz="UTC")),
        "order": Array([None, "7", "8", "=9"], type=DataType.string()),
        "amount": Array([None, "12.50", "1.00", "many"], type=DataType.string()),
        "currency": Array([None, "EUR", "EUR", "EUR"], type=DataType.string()),
    }
    file = io.BytesIO()
    write_parquet(Table.from_pydict(columns), file)
    client = client_as(Role.MARKETER)
    for known in (False, True):
        given = {"events": ("продажи.parquet", file.getvalue())}
        answer = client.post(f"{FILES}/events", files=given)
        assert answer.status_code == 303
        Worker(site.engine, clock).work()
        page = client.get(answer.headers["location"]).text
        assert ("Events that are new: 0; known already: 2." in page) == known
        number = answer.headers["location"].rpartition("/")[2]
        rejected = client.get(f"{FILES}/rejected/{number}.csv")
        assert rejected.status_code == 200
        assert "order=8" in rejected.text
        assert "order==9" in rejected.text
    with transaction(site.engine) as session:
        kept = {one.kind: one.properties.get("amount_minor") for one in session.scalars(select(Event))}
    assert kept == {"page_view": None, "order": 1250}


def test_rates_are_kept_and_their_days_counted_again(site: Site, client_as: ClientAs, page_as: PageAs) -> None:
    client = client_as(Role.MARKETER)
    today = site.clock.now().date()
    lines = f"day,currency,rate\n{today - timedelta(days=2)},CNY,0.14\n"
    assert upload(client, "rates", lines).status_code == 303
    with transaction(site.engine) as session:
        assert session.scalars(select(CurrencyRate.currency)).all() == ["CNY"]
        due = set(session.scalars(select(ChannelDayDue.day)))
    assert {today - timedelta(days=2), today} <= due
    some = upload(client, "rates", lines + f"{today},RUB,much\n{today},BRL,0.18\n")
    assert some.status_code == 422
    assert "Row 3" in some.text
    assert "BRL" in some.text
    assert upload(client, "rates", "nothing\n").status_code == 422
    assert upload(client, "rates", b"").status_code == 422
    for width, theme in ((1440, "dark"), (390, "light")):
        page = page_as(Role.MARKETER, width=width, theme=theme)
        page.goto(FILES)
        assert page.get_by_role("cell", name="CNY").is_visible()
        axe(page)
        no_sideways_scroll(page)


def test_a_request_without_sense_for_everybody_is_no_trouble(site: Site) -> None:
    odd: list[dict[str, Any]] = [
        {"events": [], "sign": True, "visitor": "x", "link": [], "sent": {}, "automated": "yes"},
        {"events": [7], "sign": 1, "visitor": 7, "link": "é.é", "sent": "\0"},
        {"events": [view()], "visitor": "0" * 5_000, "link": "a" * 9_000},
    ]
    for body in odd:
        assert send(site, body).status_code in (200, 422)
    assert httpx.options(f"{site.url}/e", headers={"User-Agent": FIREFOX}).status_code == 204
