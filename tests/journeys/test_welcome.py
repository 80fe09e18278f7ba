"""A campaign through real processes: scheduled, sent, opened, clicked, ordered, credited, seen on the channels page."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from growth.sandbox.keys import SENDGRID_KEY, webhook_public_key
from growth.web.access import session_cookie
from tests.campaigns.sending import without_rules
from tests.running.starting import command
from tests.web.serving import found

PEOPLE = 40
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def process(words: list[str], log: Path) -> Iterator[None]:
    """A process for as long as the block lasts."""
    with log.open("ab") as output:
        started = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(20)


@pytest.fixture
def service(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[str]:
    """A scheduler, two workers, the pages and the pretend world, each a process; gives the pages' address."""
    found(engine, SystemClock().now())
    with transaction(engine) as session:
        without_rules(session)
        session.execute(update(Workspace).values(demo=True))
    pages, provider = free_port(), free_port()
    url = f"http://127.0.0.1:{pages}"
    given = {
        "GROWTH_DATABASE_URL": database_url,
        "GROWTH_PORT": str(pages),
        "GROWTH_SENDGRID_URL": f"http://127.0.0.1:{provider}",
        "GROWTH_SENDGRID_API_KEY": SENDGRID_KEY,
        "GROWTH_SENDGRID_WEBHOOK_KEY": webhook_public_key(tmp_path),
    }
    os.environ.update(given)
    market = [sys.executable, "-m", "tests.journeys.market", str(tmp_path), str(provider), url]
    try:
        with ExitStack() as stack:
            for words in (market, *(command(part) for part in ("web", "schedule", "work", "work"))):
                stack.enter_context(process(words, tmp_path / "journey.log"))
            until(lambda: answers(url))
            yield url
    finally:
        for name in given:
            del os.environ[name]
        sys.stdout.write((tmp_path / "journey.log").read_text())


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/login").status_code == 200
    except httpx.TransportError:
        return False


def growth(*words: str) -> str:
    """What a command prints; fails with what it complains of."""
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(true: Callable[[], object], seconds: float = 120) -> None:
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.2)


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
