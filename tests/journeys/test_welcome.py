"""A campaign through real processes: scheduled, sent, opened, clicked, ordered, credited, seen on the channels page."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, func, select, update

from growth.attribution.records import Conversion, Credit
from growth.campaigns.records import Campaign, Delivery
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.people.sign_in import open_session
from growth.people.staff import account_by_email
from growth.web.access import session_cookie
from tests.campaigns.sending import without_rules
from tests.journeys.installation import growth, installation, until
from tests.web.serving import found

PEOPLE = 40


@pytest.fixture
def service(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[str]:
    """A whole installation with two workers, in which nothing limits sending; gives the pages' address."""
    found(engine, SystemClock().now())
    with transaction(engine) as session:
        without_rules(session)
        session.execute(update(Workspace).values(demo=True))
    with installation(database_url, tmp_path, workers=2) as url:
        yield url


def file_of_people(path: Path) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "name", "country", "language", "consent", "basis", "source", "wording", "at"])
        for number in range(PEOPLE):
            language, country = (("ru", "RU"), ("en", "US"), ("pt-BR", "BR"), ("zh", "SG"))[number % 4]
            permission = ["yes", "consent", "form", "Yes, write to me.", "2026-01-05 10:00"]
            rows.writerow([f"buyer{number}@example.net", f"Buyer {number}", country, language, *permission])
    return path


@pytest.mark.journey
def test_from_the_schedule_to_the_channels_page(service: str, engine: Engine, tmp_path: Path) -> None:
    growth("people", "import", str(file_of_people(tmp_path / "people.csv")))
    growth("job", "schedule", "credit_channels", "every 1 second")
    growth("campaign", "create", "Welcome", "--message", "welcome_buyer")
    assert json.loads(growth("campaign", "review", "Welcome", "--json"))["reached"] == PEOPLE
    growth("campaign", "schedule", "Welcome", "--now")

    until(lambda: count(engine, select(func.count()).where(Campaign.state == "sent")) == 1)
    mail = httpx.get(f"{os.environ['GROWTH_SENDGRID_URL']}/sandbox/messages", params={"limit": 1000}).json()["messages"]
    assert sorted(one["to"] for one in mail) == sorted(f"buyer{number}@example.net" for number in range(PEOPLE))

    done = Delivery.delivered_at.is_not(None) & Delivery.opened_at.is_not(None) & Delivery.clicked_at.is_not(None)
    until(lambda: count(engine, select(func.count()).where(done)) == PEOPLE)
    credited = select(func.count()).join(Conversion).where(Credit.channel == "email", Conversion.kind == "first_order")
    until(lambda: count(engine, credited.select_from(Credit)) == PEOPLE)

    with transaction(engine) as session:
        token = open_session(session, account_by_email(session, "manager@example.com").id, SystemClock().now())
    until(lambda: first_orders(service, token) == str(PEOPLE))


def count(engine: Engine, query: object) -> int:
    with transaction(engine) as session:
        return int(session.scalar(query) or 0)  # type: ignore[call-overload]  # any query for one number


def first_orders(url: str, token: str) -> str:
    """What the channels page says permission e-mail brought."""
    answer = httpx.get(f"{url}/channels/export.csv", cookies={session_cookie(): token}, params={"side": "buyer"})
    rows = list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines()))
    return next((row["First orders"] for row in rows if "Permission e-mail" in row.values()), "")
