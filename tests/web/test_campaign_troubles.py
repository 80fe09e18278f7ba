"""What goes wrong while a campaign is sent: a sentence on its page and on that of jobs, paused, and nothing lost."""

import html
import os
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import create_engine, select, text, update

from growth.campaigns.messages.records import Message, MessageVersion
from growth.campaigns.messages.sources import shipped
from growth.campaigns.records import Campaign, Delivery, Exclusion
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.events.refused import taken
from growth.settings import settings
from growth.web.hooks.sendgrid_signature import SIGNATURE, TIMESTAMP
from tests.campaigns.conftest import mail
from tests.campaigns.sending import Worker, add_campaign, add_people
from tests.campaigns.test_send import received
from tests.sandbox.running import Running
from tests.web.conftest import ClientAs
from tests.web.serving import Site

__all__ = ["mail"]
PEOPLE = 4
SLOWLY = 60
"""Messages an hour, one each minute: what goes wrong after the first does so in the middle."""
PAUSED = "It is paused, and nobody is forgotten."
MOVED = "The clock of this computer was put"
REFUSED = "SendGrid's reports are refused since they are signed with another key: nobody learns who complains."


def begun(site: Site, **more: object) -> int:
    """A campaign to four people, due now."""
    with transaction(site.engine) as session:
        add_people(session, PEOPLE, site.clock.now())
        return add_campaign(session, site.clock.now(), **more).id


def minutes(site: Site, number: int = 2) -> None:
    """The schedulers' minutes."""
    for _ in range(number):
        Worker(site.engine, site.clock).tick()  # type: ignore[arg-type]  # a test's clock stands still
        site.clock.moment += timedelta(minutes=1)  # type: ignore[attr-defined]  # likewise


def shown(client_as: ClientAs, path: str) -> str:
    return html.unescape(client_as("manager").get(path).text)


def told(site: Site, client_as: ClientAs, campaign: int, sentence: str, remedy: str) -> None:
    """The campaign is paused, and its page and that of jobs say why and what to do."""
    page, jobs = shown(client_as, f"/campaigns/{campaign}"), shown(client_as, "/jobs")
    assert sentence in page
    assert f"{remedy} {PAUSED}" in page
    assert sentence in jobs
    assert remedy in jobs
    with transaction(site.engine) as session:
        assert session.get_one(Campaign, campaign).state == "paused"


def put_right(site: Site, client_as: ClientAs, campaign: int, mail: Running) -> None:
    """Once somebody has seen to it and resumed, everybody gets it once, and the sentence is gone."""
    before = sum(received(mail).values())
    minutes(site)  # paused, nothing goes out by itself
    assert sum(received(mail).values()) == before
    assert client_as("marketer").post(f"/campaigns/{campaign}/resume").status_code == 303
    minutes(site, PEOPLE + 1)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    assert PAUSED not in shown(client_as, f"/campaigns/{campaign}")
    with transaction(site.engine) as session:
        assert session.get_one(Campaign, campaign).state == "sent"


def test_a_message_that_is_gone(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site, message="gone")
    minutes(site, 1)
    assert "There is no message “gone”." in shown(client_as, f"/campaigns/{campaign}")
    assert "There is no message “gone”." in shown(client_as, "/jobs")
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(message="welcome_buyer"))
    put_right(site, client_as, campaign, mail)


def saved(site: Site, files: dict[str, str]) -> None:
    """A version of the message, past the check of the page, as a restored backup would bring it."""
    with transaction(site.engine) as session:
        now = site.clock.now()
        session.add(Message(name="welcome_buyer", version=1, created_by="ana", created_at=now))
        session.flush()
        session.add(MessageVersion(message="welcome_buyer", version=1, files=files, by="ana", at=now))


def test_a_message_that_was_broken_meanwhile(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign, files = begun(site), dict(shipped("welcome_buyer").files)
    saved(site, files | {"body.txt": "{% if %}"})
    minutes(site)
    assert "Correct line 1 of body.txt in the message “welcome_buyer”." in shown(client_as, "/jobs")
    assert "Correct line 1 of body.txt in the message “welcome_buyer”." in shown(client_as, f"/campaigns/{campaign}")
    assert not received(mail)
    with transaction(site.engine) as session:
        session.execute(update(MessageVersion).values(files=files))
    put_right(site, client_as, campaign, mail)


def test_a_language_that_some_read_and_the_message_lacks(site: Site, client_as: ClientAs, mail: Running) -> None:
    """Nobody has to see to that while it is sent: they are left out with the reason, and the others get it."""
    campaign = begun(site)
    with transaction(site.engine) as session:
        russians = add_people(session, 2, site.clock.now(), locale="ru", prefix="ru")
    subject = shipped("welcome_buyer").files["subject.txt"]
    saved(site, dict(shipped("welcome_buyer").files) | {"subject.txt": '{{ _("Nobody translated this") }}\n' + subject})
    minutes(site)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    with transaction(site.engine) as session:
        left_out = session.execute(select(Exclusion.person_id, Exclusion.reason)).all()
        assert sorted(left_out) == [(person, "no_language") for person in russians]
        assert session.get_one(Campaign, campaign).state == "sent"
    page = shown(client_as, f"/campaigns/{campaign}/left-out/no_language")
    assert all(f"/people/{person}" in page for person in russians)


def test_a_language_that_the_message_lost_meanwhile(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site)
    mail.faults.next_requests("429")
    minutes(site, 1)
    with transaction(site.engine) as session:
        session.execute(update(Delivery).values(locale="uk"))
        session.execute(text("update procrastinate_jobs set scheduled_at = null"))
        session.execute(update(Campaign).values(version=Campaign.version + 1))
    minutes(site, 3)
    assert PAUSED in shown(client_as, f"/campaigns/{campaign}")
    with transaction(site.engine) as session:
        session.execute(update(Delivery).values(locale="en"))
    put_right(site, client_as, campaign, mail)


def provider_key(key: str) -> None:
    os.environ["GROWTH_SENDGRID_API_KEY"] = key
    settings.cache_clear()


def test_a_wrong_key_of_the_provider_in_the_middle(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site, per_hour=SLOWLY)
    minutes(site, 1)
    assert sum(received(mail).values()) == 1
    provider_key("SG.wrong")
    minutes(site)
    sentence = "SendGrid doesn't let us send: The provided authorization grant is invalid, expired, or revoked."
    told(site, client_as, campaign, sentence, CHECK)
    provider_key(mail.key)
    put_right(site, client_as, campaign, mail)


CHECK = "Check GROWTH_SENDGRID_API_KEY and that the sender is verified, then resume the campaign."


def test_no_key_of_the_provider(site: Site, client_as: ClientAs, mail: Running) -> None:
    del os.environ["GROWTH_SENDGRID_API_KEY"]
    settings.cache_clear()
    campaign = begun(site)
    minutes(site, 1)
    provider_key(mail.key)
    sentence = "No SendGrid key is set, so nothing can be sent."
    told(site, client_as, campaign, sentence, "Set GROWTH_SENDGRID_API_KEY, then resume the campaign.")
    put_right(site, client_as, campaign, mail)


def test_an_account_that_is_suspended_in_the_middle(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site, per_hour=SLOWLY)
    minutes(site, 1)
    mail.faults.next_requests("403", 1)
    minutes(site)
    told(site, client_as, campaign, "SendGrid doesn't let us send: Your account is suspended", CHECK)
    assert sum(received(mail).values()) == 1
    put_right(site, client_as, campaign, mail)


def report(site: Site, headers: dict[str, str]) -> int:
    return httpx.post(f"{site.url}/hooks/sendgrid", content=b"[]", headers=headers).status_code


def test_reports_that_are_signed_with_another_key_in_the_middle(site: Site, client_as: ClientAs, mail: Running) -> None:
    campaign = begun(site, per_hour=SLOWLY)
    minutes(site, 1)
    assert report(site, {}) == 403
    assert "reports are refused" not in shown(client_as, "/jobs")  # any stranger can do that
    for _ in range(4):
        assert report(site, {SIGNATURE: "AAAA", TIMESTAMP: "1"}) == 403
        minutes(site, 1)
    remedy = "Set GROWTH_SENDGRID_WEBHOOK_KEY to the key on SendGrid's page for signed event webhooks,"
    told(site, client_as, campaign, REFUSED, f"{remedy} then resume each campaign.")
    assert "What SendGrid reports is refused" in shown_to_admin(client_as, "/settings")
    put_right(site, client_as, campaign, mail)  # no report is refused any more, so it isn't paused again
    site.clock.moment += timedelta(days=4)  # type: ignore[attr-defined]  # as above
    assert "reports are refused" not in shown(client_as, "/jobs")


def shown_to_admin(client_as: ClientAs, path: str) -> str:
    return html.unescape(client_as("admin").get(path).text)


def test_strangers_stop_nothing_with_reports_of_their_own(site: Site, client_as: ClientAs, mail: Running) -> None:
    """While SendGrid's own come: with each of them what was refused before is forgotten."""
    campaign = begun(site, per_hour=SLOWLY)
    for _ in range(PEOPLE + 1):
        assert report(site, {SIGNATURE: "AAAA", TIMESTAMP: "1"}) == 403
        minutes(site, 1)
        with transaction(site.engine) as session:
            taken(session, "sendgrid")
    assert sorted(received(mail).values()) == [1] * PEOPLE
    assert PAUSED not in shown(client_as, f"/campaigns/{campaign}")


@pytest.mark.parametrize(("hours", "way"), [(-1, "back"), (1, "forward")])
def test_a_clock_that_is_moved_by_an_hour_in_the_middle(
    site: Site, client_as: ClientAs, mail: Running, hours: int, way: str
) -> None:
    campaign = begun(site, per_hour=SLOWLY)
    minutes(site, 1)
    site.clock.set_by(timedelta(hours=hours))  # type: ignore[attr-defined]  # a test's clock
    minutes(site)
    told(
        site,
        client_as,
        campaign,
        f"{MOVED} {way} by 60 minutes.",
        "Check that its time is right, for example with “timedatectl”, then resume each campaign.",
    )
    with transaction(site.engine) as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "pause campaigns"))
        assert entry.detail["because"] == f"{MOVED} {way} by 60 minutes."
    assert sum(received(mail).values()) == 1
    put_right(site, client_as, campaign, mail)
    assert MOVED in shown(client_as, "/jobs")
    site.clock.moment += timedelta(days=2)  # type: ignore[attr-defined]  # as above
    assert MOVED not in shown(client_as, "/jobs")


def test_what_comes_to_be_due_by_the_moved_clock_is_not_begun(site: Site, client_as: ClientAs, mail: Running) -> None:
    minutes(site, 1)
    with transaction(site.engine) as session:
        add_people(session, PEOPLE, site.clock.now())
        campaign = add_campaign(session, site.clock.now() + timedelta(minutes=30)).id
    site.clock.set_by(timedelta(hours=1))  # type: ignore[attr-defined]  # as above
    minutes(site)
    assert not received(mail)
    assert f"{MOVED} forward by 60 minutes." in shown(client_as, f"/campaigns/{campaign}")
    put_right(site, client_as, campaign, mail)


def test_a_computer_that_was_asleep_in_the_middle(site: Site, client_as: ClientAs, mail: Running) -> None:
    """Its clock is right: nothing is paused, and what was found too late asks."""
    campaign = begun(site, per_hour=SLOWLY)
    minutes(site, 1)
    with transaction(site.engine) as session:
        later = add_campaign(session, site.clock.now(), name="later").id
    site.clock.moment += timedelta(hours=2)  # type: ignore[attr-defined]  # as above
    minutes(site, PEOPLE)
    assert sorted(received(mail).values()) == [1] * PEOPLE
    assert "Nobody was there when it was due" in shown(client_as, f"/campaigns/{later}")
    assert PAUSED not in shown(client_as, f"/campaigns/{campaign}")


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
