"""Letters: posted with what wants them sent, sent once whatever happens, settled by what comes back."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.campaigns.letters import feedback, sending
from growth.campaigns.letters.feedback import Told
from growth.campaigns.letters.posting import Content, post
from growth.campaigns.letters.records import Letter
from growth.clock import FixedClock, SystemClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.locales import LOCALES
from growth.people.identity import EMAIL, email_hash
from growth.people.suppression import is_suppressed, suppress
from growth.scheduling.firing import fire
from growth.scheduling.records import JobRun
from growth.settings import settings
from tests.campaigns.sending import Worker, set_up
from tests.sandbox.running import Running, leading_to, sandbox

ROOT = Path(__file__).parents[2]
VALUES = {
    "confirm": "https://growth.example/p/confirm?t=a.b&c=1",
    "list_name": "News & <offers>",
    "until": "1 December",
}


def write(engine: Engine, clock: FixedClock, email: str = "ana@example.com", **more: object) -> int:
    """Post a confirmation; gives its id."""
    given = {
        "kind": "confirmation",
        "message": "confirm_subscription",
        "locale": "en",
        "values": VALUES,
        "posted_by": "test",
    }
    with transaction(engine) as session:
        return post(session, email=email, now=clock.now(), **given | more).id  # type: ignore[arg-type]


def letter(engine: Engine, number: int) -> Letter:
    with transaction(engine) as session:
        return session.get_one(Letter, number)


def received(mail: Running, email: str = "ana@example.com") -> int:
    return len(mail.mailbox.to(email))


def test_a_letter_goes_out_as_soon_as_it_is_posted(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    number = write(engine, clock)
    worker.work()
    (got,) = mail.mailbox.to("ana@example.com")
    assert got.subject == "Please confirm: News & <offers>"
    assert "News &amp; &lt;offers&gt;" in got.html
    assert VALUES["confirm"] in got.text
    assert 'href="https://growth.example/p/confirm?t=a.b&amp;c=1"' in got.html
    assert "Makers' market, 12 Harbour Road, Hangzhou" in got.text
    assert "[[" not in got.subject + got.html + got.text
    assert 'width="1"' not in got.html
    sent = letter(engine, number)
    assert (sent.state, sent.attempts) == ("accepted", 1)
    assert got.custom_args == {"letter": str(number), "batch": str(sent.batch)}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("message", ["confirm_subscription", "already_subscribed"])
def test_every_letter_in_every_language(session: Session, locale: str, message: str) -> None:
    sender = Workspace(sender_name="Makers", sender_email="hello@makers.example", postal_address="Harbour Road")
    values = VALUES | {"preferences": "https://growth.example/p/preferences?t=x"}
    content = sending.written(session, message, locale, values, sender)
    for part in (content.subject, content.html, content.text):
        assert part
        assert "[[" not in part
    assert "Harbour Road" in content.html
    assert "Harbour Road" in content.text


def test_what_is_rolled_back_is_not_sent(engine: Engine, clock: FixedClock, worker: Worker, mail: Running) -> None:
    with Session(engine) as session:
        given: dict[str, Any] = {
            "kind": "notice",
            "message": "confirm_subscription",
            "locale": "en",
            "posted_by": "test",
        }
        post(session, email="ana@example.com", values=VALUES, now=clock.now(), **given)
        session.rollback()
    worker.work()
    assert received(mail) == 0


def test_under_one_key_it_is_one_letter(engine: Engine, clock: FixedClock, worker: Worker, mail: Running) -> None:
    assert write(engine, clock, key="a") == write(engine, clock, key="a")
    worker.work()
    assert write(engine, clock, key="a")
    worker.tick("send_letters")
    assert received(mail) == 1


def test_many_letters_wake_one_run(engine: Engine, clock: FixedClock, worker: Worker, mail: Running) -> None:
    for number in range(20):
        clock.moment += timedelta(milliseconds=1)
        write(engine, clock, f"{number}@example.com")
    with transaction(engine) as session:
        assert len(session.scalars(select(JobRun)).all()) == 1
    worker.work()
    assert len(mail.mailbox) == 20


def test_what_is_put_together_already_goes_as_it_is(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    content = Content("A subject", "<p>[[as it is]]</p>", "As it is.")
    write(engine, clock, kind="test", message="welcome_buyer", content=content)
    worker.work()
    (got,) = mail.mailbox.to("ana@example.com")
    assert (got.subject, got.html, got.text) == (content.subject, content.html, content.text)


def test_a_place_left_open_never_goes_out(engine: Engine, clock: FixedClock, worker: Worker, mail: Running) -> None:
    number = write(engine, clock, values={"confirm": "https://growth.example"})
    other = write(engine, clock, "other@example.com")
    worker.work()
    assert letter(engine, number).state == "refused"
    assert "until" in str(letter(engine, number).refusal) or "list_name" in str(letter(engine, number).refusal)
    assert letter(engine, other).state == "accepted"
    assert received(mail) == 0


def test_an_address_closed_meanwhile_gets_none(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    number = write(engine, clock)
    with transaction(engine) as session:
        suppress(session, EMAIL, email_hash("ana@example.com"), reason="complaint", source="x", now=clock.now())
    worker.work()
    assert letter(engine, number).state == "refused"
    assert received(mail) == 0


@pytest.mark.parametrize("fault", ["429", "drop", "500", "hang"])
def test_one_that_was_not_taken_is_sent_later_once(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running, fault: str
) -> None:
    mail.faults.next_requests(fault)
    number = write(engine, clock)
    worker.work()
    assert received(mail) == 0
    clock.moment += timedelta(minutes=1, seconds=1)
    worker.tick("send_letters")
    assert received(mail) == (1 if fault == "429" else 0)
    for _ in range(2):
        clock.moment += timedelta(minutes=16)
        worker.tick("send_letters")
    assert received(mail) == 1
    assert letter(engine, number).state == "accepted"


@pytest.mark.parametrize("fault", ["accept-then-drop", "accept-then-500", "accept-then-hang", "accept-then-half"])
def test_a_trace_keeps_one_that_was_taken_from_going_twice(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running, fault: str
) -> None:
    mail.faults.next_requests(fault)
    number = write(engine, clock)
    worker.work()
    assert letter(engine, number).state == "in_doubt"
    with transaction(engine) as session:
        assert feedback.apply(session, [Told(number, "delivered")], clock.now()) == 1
    clock.moment += timedelta(hours=1)
    worker.tick("send_letters")
    assert received(mail) == 1
    assert letter(engine, number).state == "delivered"


def test_without_a_webhook_one_in_doubt_stays_there(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    mail.faults.next_requests("accept-then-drop")
    number = write(engine, clock)
    worker.work()
    key = os.environ.pop("GROWTH_SENDGRID_WEBHOOK_KEY")
    settings.cache_clear()
    clock.moment += timedelta(hours=1)
    worker.tick("send_letters")
    os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"] = key
    settings.cache_clear()
    assert letter(engine, number).state == "in_doubt"
    assert received(mail) == 1


def test_one_that_is_never_answered_is_given_up(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    mail.faults.next_requests("500", 100)
    number = write(engine, clock)
    for _ in range(sending.MOST_ATTEMPTS + 2):
        worker.tick("send_letters")
        clock.moment += timedelta(hours=1)
    assert letter(engine, number).state == "refused"


def test_a_wrong_key_loses_no_letter_and_says_so(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    number = write(engine, clock)
    right = os.environ["GROWTH_SENDGRID_API_KEY"]
    os.environ["GROWTH_SENDGRID_API_KEY"] = "SG.wrong"
    settings.cache_clear()
    worker.work()
    os.environ["GROWTH_SENDGRID_API_KEY"] = right
    settings.cache_clear()
    with transaction(engine) as session:
        run = session.scalars(select(JobRun)).one()
    assert run.state == "failed"
    assert run.words is not None
    assert "doesn't let us send" in run.words["message"]
    assert (letter(engine, number).state, letter(engine, number).attempts) == ("planned", 0)
    clock.moment += timedelta(minutes=1)
    worker.tick("send_letters")
    assert received(mail) == 1


def test_a_hard_bounce_and_a_complaint_close_the_address(engine: Engine, clock: FixedClock, worker: Worker) -> None:
    assert worker
    for name, told in {
        "bounced": Told(0, "bounced", "550 no such user", "hard_bounce"),
        "angry": Told(0, "delivered", closes="complaint"),
        "full": Told(0, "bounced", "452 full"),
    }.items():
        number = write(engine, clock, f"{name}@example.com")
        event = Told(number, told.state, told.reason, told.closes)
        with transaction(engine) as session:
            for _ in range(2):
                feedback.apply(session, [event, Told(number, "accepted"), Told(10**12, "accepted")], clock.now())
            closed = is_suppressed(session, EMAIL, email_hash(f"{name}@example.com"), "marketing")
        assert closed is (name != "full")
        assert letter(engine, number).state == told.state


def test_after_thirty_days_nobody_can_read_it(engine: Engine, clock: FixedClock, worker: Worker, mail: Running) -> None:
    sent = write(engine, clock)
    worker.work()
    assert received(mail) == 1
    stuck = write(engine, clock, "stuck@example.com")
    clock.moment += timedelta(days=29)
    fresh = write(engine, clock, "fresh@example.com")
    clock.moment += timedelta(days=2)
    with transaction(engine) as session:
        assert sending.forget(session, clock.now(), None, 10).done == 2
        assert sending.forget(session, clock.now(), None, 10).next is None
    assert [letter(engine, one).state for one in (sent, stuck, fresh)] == ["accepted", "refused", "planned"]
    assert letter(engine, sent).email_sealed is None
    assert letter(engine, sent).values_sealed is None
    assert letter(engine, fresh).email_sealed is not None


Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def slow_mail(tmp_path: Path) -> Iterator[Running]:
    """A pretend SendGrid, and short waits for this process and real workers."""
    short = {
        "GROWTH_SENDGRID_TIMEOUT_SECONDS": "2",
        "GROWTH_DOUBT_SECONDS": "4",
        "GROWTH_HEARTBEAT_SECONDS": "0.3",
        "GROWTH_WORKER_THREADS": "1",
    }
    with sandbox(tmp_path) as running, leading_to(running, **short):
        yield running


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a real worker that knows the product's jobs; killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.scheduling.processes", "worker", "jobs"]
        with (tmp_path / "worker.log").open("ab") as log:
            environment = os.environ | {"GROWTH_DATABASE_URL": database_url}
            started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
    sys.stdout.write((tmp_path / "worker.log").read_text())


def until(true: Callable[[], object], seconds: float = 60) -> None:
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.05)


@pytest.mark.journey
@pytest.mark.parametrize("taken", [True, False])
def test_a_worker_killed_between_claim_and_answer(
    engine: Engine, slow_mail: Running, start: Start, *, taken: bool
) -> None:
    clock = SystemClock()
    with transaction(engine) as session:
        set_up(session, clock.now())
    slow_mail.faults.next_requests("accept-then-hang" if taken else "hang")
    number = write(engine, clock)  # type: ignore[arg-type]
    first = start()
    until(lambda: letter(engine, number).state == "claimed")
    until(lambda: not slow_mail.faults.coming())  # the provider has the request
    if taken:
        until(lambda: received(slow_mail) == 1)
    first.send_signal(signal.SIGKILL)
    assert letter(engine, number).state == "claimed"
    if taken:
        with transaction(engine) as session:
            feedback.apply(session, [Told(number, "accepted")], clock.now())
    start()

    def settled() -> bool:
        with transaction(engine) as session:
            fire(session, "send_letters", due_at=clock.now(), fired_by="test")
        time.sleep(0.3)
        return letter(engine, number).state == "accepted" and received(slow_mail) == 1

    until(settled)
    assert letter(engine, number).attempts == (1 if taken else 2)
    with transaction(engine) as session:
        fire(session, "send_letters", due_at=clock.now(), fired_by="test")
    time.sleep(1)
    assert received(slow_mail) == 1
