"""A visitor through three channels to an order and a refund, through real processes; every figure is worked out here.

Three contacts share each thing in equal parts, since that is the model which is adopted first:

- the partner's link six days ago, the paid search four days ago, the click in a message today;
- one registration: a third each, so that paid search's 30.00 make 90.00 for one;
- an order of 99.99: 33.33 each; 33.33 of it are given back: 11.11 each; so 22.22 are left to each;
- an order in reals of 50.00 at 0.2: 10.00, of which 3.34, 3.33 and 3.33, the first to the earliest, and rounded by
  channel from 16.67, 16.67 and 16.66 reals: 3.33 each.
"""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, select

from growth.attribution.records import Conversion, Credit
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.events.collecting import collector_key
from growth.events.links import sign_click
from growth.people.accounts import Role
from growth.web.access import session_cookie
from tests.attribution.happened import PAID, PARTNER
from tests.journeys.installation import growth, installation, until
from tests.web.messages import sent
from tests.web.serving import Site, found

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def site(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A scheduler, a worker and the pages, each a process."""
    found(engine, SystemClock().now())
    with installation(database_url, tmp_path, pretends=False, GROWTH_SHOP_URL="https://shop.example") as url:
        yield Site(url, engine, SystemClock(), FastAPI())


def tell(site: Site, *events: dict[str, object], key: bool = False) -> None:
    headers = {"Authorization": f"Bearer {collector_key()}"} if key else FIREFOX
    answer = httpx.post(f"{site.url}/e", json={"events": events}, headers=headers).json()
    assert (answer["accepted"], answer["refused"]) == (len(events), [])


def event(kind: str, at: datetime, **more: object) -> dict[str, object]:
    return {"id": str(uuid4()), "kind": kind, "at": at.isoformat()} | more


def rows_of(site: Site) -> dict[str, dict[str, str]]:
    """What the channels page says, as its file, by channel."""
    answer = httpx.get(
        f"{site.url}/channels/export.csv",
        params={"side": "buyer"},
        cookies={session_cookie(): site.token(Role.MANAGER)},
    )
    rows = csv.DictReader(answer.text.removeprefix("\ufeff").splitlines())
    return {row["Channel"]: row for row in rows}


def credited(site: Site) -> list[tuple[str, int, int, str]]:
    with transaction(site.engine) as session:
        columns = (Conversion.kind, Credit.position, Credit.value_minor, Credit.channel)
        return list(session.execute(select(*columns).join(Credit).order_by(*columns)))


def costs_and_rates(tmp_path: Path, now: datetime) -> None:
    day = (now - timedelta(days=4)).date()
    costs, rates = tmp_path / "costs.csv", tmp_path / "rates.csv"
    costs.write_text(f"day,side,channel,country,campaign,amount,currency\n{day},buyer,paid_search,RU,Bags,30.00,USD\n")
    rates.write_text(f"day,currency,rate\n{day},BRL,0.2\n")
    growth("spend", "import", str(costs))
    growth("spend", "rates", str(rates))


@pytest.mark.journey
def test_a_visitor_through_three_channels_to_an_order_and_a_refund(site: Site, tmp_path: Path) -> None:
    now, visitor = SystemClock().now(), str(uuid4())
    growth("job", "schedule", "credit_channels", "every 1 second")
    growth("attribution", "adopt", "--model", "linear")
    costs_and_rates(tmp_path, now)
    message = sent(site)

    day = timedelta(days=1)
    tell(site, event("page_view", now - 6 * day, visitor=visitor, properties=PARTNER))
    tell(site, event("page_view", now - 4 * day, visitor=visitor, properties=PAID))
    clicked = httpx.get(f"{site.url}{sign_click(message.delivery, 0)}", headers=FIREFOX)
    assert clicked.status_code == 302
    token = parse_qs(urlsplit(clicked.headers["location"]).query)["growth_token"][0]
    came = SystemClock().now()
    tell(site, event("identify", came, visitor=visitor, token=token))
    tell(
        site,
        event("registration", came, visitor=visitor),
        event("order", came, visitor=visitor, properties={"order": "1", "amount_minor": 9_999, "currency": "USD"}),
        event("order", came, visitor=visitor, properties={"order": "2", "amount_minor": 5_000, "currency": "BRL"}),
        event("refund", came, properties={"order": "1", "amount_minor": 3_333, "currency": "USD", "refund": "a"}),
        key=True,
    )
    until(lambda: sum(kind == "refund" for kind, *_ in credited(site)) == 3)
    dollars = [(3_333, -1_111), (3_333, -1_111), (3_333, -1_111)]
    by_kind = {kind: [row[2] for row in credited(site) if row[0] == kind] for kind, *_ in credited(site)}
    assert by_kind["refund"] == [back for _, back in dollars]
    assert sorted(by_kind["first_order"] + by_kind["order"]) == [1_666, 1_667, 1_667, 3_333, 3_333, 3_333]
    assert [channel for kind, *_, channel in credited(site) if kind == "refund"] == [
        "affiliates",
        "paid_search",
        "email",
    ]

    value = Decimal("33.33") - Decimal("11.11") + Decimal("3.33")
    until(lambda: rows_of(site)["Permission e-mail"]["Value of orders"] == str(value))
    rows = rows_of(site)
    for channel in ("Affiliates", "Paid search", "Permission e-mail"):
        assert rows[channel]["Value of orders"] == str(value), channel
        assert (rows[channel]["Registered"], rows[channel]["First orders"]) == ("0.3", "0.3")
    assert rows["Paid search"]["Cost"] == "30.00"
    assert Decimal(rows["Paid search"]["Per registered buyer"]).quantize(Decimal("0.1")) == Decimal("90.0")
    assert Decimal(rows["Paid search"]["Return on spend"]) == (value / 30).quantize(Decimal("0.0001"))
    assert rows["Search (SEO)"]["Value of orders"] == "0.00"
