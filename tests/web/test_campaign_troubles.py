"""What goes wrong while a campaign is sent: a sentence on its page, the campaign paused, and nothing lost."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from sqlalchemy import create_engine, select, text, update

from growth.campaigns.messages.records import Message, MessageVersion
from growth.campaigns.messages.sources import shipped
from growth.campaigns.records import Campaign, Delivery
from growth.database.engine import transaction
from growth.settings import settings
from growth.web.hooks.sendgrid_signature import SIGNATURE, TIMESTAMP
from tests.campaigns.conftest import mail
from tests.campaigns.sending import Worker, add_campaign, add_people
from tests.campaigns.test_send import received
from tests.sandbox.running import Running
from tests.web.conftest import ClientAs
from tests.web.serving import Site

__all__ = ["mail"]
PEOPLE = 3


def begun(site: Site, **more: str) -> int:
    """A campaign to three people, due now."""
    with transaction(site.engine) as session:
        add_people(session, PEOPLE, site.clock.now())
        return add_campaign(session, site.clock.now(), **more).id


def minutes(site: Site, number: int = 2) -> None:
    """The schedulers' minutes."""
    for _ in range(number):
        Worker(site.engine, site.clock).tick()  # type: ignore[arg-type]  # a test's clock stands still
        site.clock.moment += timedelta(minutes=1)  # type: ignore[attr-defined]  # likewise


def page(client_as: ClientAs, campaign: int) -> str:
    return client_as("manager").get(f"/campaigns/{campaign}").text


def put_right(site: Site, client_as: ClientAs, campaign: int, mail: Running) -> None:
    """Once somebody has seen to it and resumed, everybody gets it once, and the sentence is gone."""
    assert client_as("marketer").post(f"/campaigns/{campaign}/resume").status_code == 303
    minutes(site)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    assert "It is paused, and nobody is forgotten." not in page(client_as, campaign)


def test_a_message_that_is_gone(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site, message="gone")
    minutes(site, 1)
    assert "There is no message “gone”." in page(client_as, campaign)
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(message="welcome_buyer"))
    put_right(site, client_as, campaign, mail)


def test_a_message_that_was_broken_meanwhile(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site)
    with transaction(site.engine) as session:  # past the check of the page, as a restored backup would
        now = site.clock.now()
        session.add(Message(name="welcome_buyer", version=1, created_by="ana", created_at=now))
        session.flush()
        files = dict(shipped("welcome_buyer").files)
        broken = files | {"body.txt": "{% if %}"}
        session.add(MessageVersion(message="welcome_buyer", version=1, files=broken, by="ana", at=now))
    minutes(site)
    shown = page(client_as, campaign)
    assert "It is paused, and nobody is forgotten." in shown
    assert "Correct line 1 of body.txt in the message “welcome_buyer”." in shown
    with transaction(site.engine) as session:
        session.execute(update(MessageVersion).values(files=files))
    put_right(site, client_as, campaign, mail)


def test_a_language_that_the_message_lost_meanwhile(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site)
    mail.faults.next_requests("429")
    minutes(site, 1)
    with transaction(site.engine) as session:
        session.execute(update(Delivery).values(locale="uk"))
        session.execute(text("update procrastinate_jobs set scheduled_at = null"))
        session.execute(update(Campaign).values(version=Campaign.version + 1))
    minutes(site, 3)
    assert "It is paused, and nobody is forgotten." in page(client_as, campaign)
    with transaction(site.engine) as session:
        session.execute(update(Delivery).values(locale="en"))
    put_right(site, client_as, campaign, mail)


def test_a_wrong_key_of_the_provider(site: Site, client_as: ClientAs, mail: Running) -> None:
    os.environ["GROWTH_SENDGRID_API_KEY"] = "SG.wrong"
    settings.cache_clear()
    campaign = begun(site)
    minutes(site)
    shown = page(client_as, campaign)
    assert "SendGrid doesn&#39;t let us send" in shown
    assert "Check GROWTH_SENDGRID_API_KEY" in shown
    os.environ["GROWTH_SENDGRID_API_KEY"] = mail.key
    settings.cache_clear()
    put_right(site, client_as, campaign, mail)


class Suspended(BaseHTTPRequestHandler):
    """An account that was closed: SendGrid answers 403 with its reason."""

    def do_POST(self) -> None:
        body = b'{"errors":[{"message":"Your account is suspended.","field":null,"help":null}]}'
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@contextmanager
def suspended() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Suspended) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_an_account_that_is_suspended(site: Site, client_as: ClientAs, mail: Running) -> None:
    with suspended() as url:
        os.environ["GROWTH_SENDGRID_URL"] = url
        settings.cache_clear()
        campaign = begun(site)
        minutes(site)
        assert "Your account is suspended." in page(client_as, campaign)
    os.environ["GROWTH_SENDGRID_URL"] = mail.url
    settings.cache_clear()
    put_right(site, client_as, campaign, mail)


def test_reports_that_are_signed_with_another_key(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site)
    minutes(site)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    hook = f"{site.url}/hooks/sendgrid"
    assert httpx.post(hook, content=b"[]").status_code == 403
    assert "What SendGrid reports is refused" not in page(client_as, campaign)  # any stranger can do that
    signed = {SIGNATURE: "AAAA", TIMESTAMP: "1"}
    assert httpx.post(hook, content=b"[]", headers=signed).status_code == 403
    assert "What SendGrid reports is refused" in page(client_as, campaign)
    assert "What SendGrid reports is refused" in client_as("admin").get("/settings").text
    site.clock.moment += timedelta(days=4)  # type: ignore[attr-defined]  # as above
    assert "What SendGrid reports is refused" not in page(client_as, campaign)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_moved_by_an_hour_in_the_middle(
    site: Site, client_as: ClientAs, mail: Running, hours: int
) -> None:
    campaign = begun(site)
    mail.faults.next_requests("429")
    minutes(site, 1)
    site.clock.moment += timedelta(hours=hours)  # type: ignore[attr-defined]  # as above
    later = begun_later(site)
    site.clock.moment += timedelta(hours=2)  # type: ignore[attr-defined]  # as above
    minutes(site, 3)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    assert "Nobody was there when it was due" in page(client_as, later)
    assert campaign


def begun_later(site: Site) -> int:
    """One that is due before the clock comes to be right: it is found an hour too late."""
    with transaction(site.engine) as session:
        return add_campaign(session, site.clock.now(), name="later").id


def test_a_database_that_is_restarted_in_the_middle(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site)
    mail.faults.next_requests("429")
    minutes(site, 1)
    admin = create_engine(site.engine.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text("""
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
            """)
        )
    admin.dispose()
    assert client_as("manager").get(f"/campaigns/{campaign}").status_code in {200, 503}
    site.clock.moment += timedelta(hours=1)  # type: ignore[attr-defined]  # as above
    minutes(site)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    with transaction(site.engine) as session:
        assert set(session.scalars(select(Campaign.state))) == {"sent"}
