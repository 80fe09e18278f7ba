"""Sending through the pretend SendGrid: everybody once, whatever it answers."""

import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from sqlalchemy import Engine, select, text

from growth.campaigns.email import feedback
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.email.claim import Claimed, Part, claim
from growth.campaigns.email.send import put_into_words, read_letter
from growth.campaigns.reading import states_of
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.ingest import NewEvent, ingest
from growth.ids import event_id
from growth.scheduling.records import JobRun
from growth.settings import settings
from tests.campaigns.sending import Worker, add_campaign, add_people, set_up
from tests.sandbox.running import Running


def states(engine: Engine) -> Counter[str]:
    """How far the messages are, for a reader: one whose batch nobody has answered for counts as under way."""
    with transaction(engine) as session:
        return Counter(states_of(session, session.scalars(select(Delivery)).all()).values())


def campaign_state(engine: Engine) -> str:
    with transaction(engine) as session:
        return session.scalars(select(Campaign.state)).one()


def received(mail: Running) -> Counter[str]:
    return Counter(message.recipient for message in mail.mailbox.messages())


def tell(engine: Engine, clock: FixedClock, mail: Running) -> None:
    """What the event webhook would tell now of all that was accepted."""
    with transaction(engine) as session:
        people = {one.id: one.person_id for one in session.scalars(select(Delivery))}
        events = [
            NewEvent(
                occurred_at=clock.now(),
                event_id=event_id("test", f"{message.custom_args['delivery']} {clock.now()}"),
                kind="email_sent",
                source="sendgrid",
                side="buyer",
                person_id=people[int(message.custom_args["delivery"])],
                delivery_id=int(message.custom_args["delivery"]),
                properties={"batch": message.custom_args["batch"]},
            )
            for message in mail.mailbox.messages()
        ]
        feedback.apply(session, ingest(session, events, clock.now()).accepted, clock.now())


def test_everybody_gets_it_once_in_their_language(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 3, clock.now(), name="Ана <b> [[unsubscribe]]\r\nBcc: x", locale="ru-RU", prefix="ru")
        add_people(session, 2, clock.now(), locale="zh-Hans", prefix="zh")
        add_people(session, 1, clock.now(), granted=False, prefix="no")
        add_campaign(session, clock.now())
    worker.tick()
    assert received(mail) == Counter(
        ["ru0@example.com", "ru1@example.com", "ru2@example.com", "zh0@example.com", "zh1@example.com"]
    )
    assert states(engine) == {"accepted": 5}
    assert campaign_state(engine) == "sent"
    with transaction(engine) as session:
        run = session.scalars(select(CampaignRun)).one()
        job = session.get_one(JobRun, run.job_run_id)
        assert (run.state, run.finished_at, job.done, job.total) == ("sent", clock.now(), 5, 5)
        batches = session.scalars(select(DeliveryBatch)).all()
        assert {batch.state for batch in batches} == {"accepted"}
    message = mail.mailbox.to("ru0@example.com")[0]
    assert message.custom_args["batch"] in {str(batch.id) for batch in batches}
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.headers["List-Unsubscribe"].startswith("<https://growth.example/p/unsubscribe?t=")
    assert "[[" not in message.html + message.text + message.subject
    assert "Ана &lt;b&gt; unsubscribe" in message.html
    assert "Ана <b> unsubscribe" in message.text
    assert 'href="https://growth.example/c/' in message.html
    assert 'src="https://growth.example/o/' in message.html
    assert "12 Harbour Road, Hangzhou" in message.text
    assert not message.tracks_clicks
    assert not message.tracks_opens


@pytest.mark.parametrize(
    "fault", ["429", "500", "503", "hang", "drop", "accept-then-drop", "accept-then-hang", "accept-then-500"]
)
def test_a_fault_neither_doubles_nor_forgets(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running, fault: str
) -> None:
    with transaction(engine) as session:
        add_people(session, 40, clock.now())
        add_people(session, 5, clock.now(), locale="ru", prefix="ru")
        add_campaign(session, clock.now())
    mail.faults.next_requests(fault)
    worker.tick()
    doubtful = states(engine)["in_doubt"]
    assert doubtful == (0 if fault == "429" else 40)
    tell(engine, clock, mail)
    assert states(engine)["in_doubt"] == (0 if fault.startswith("accept") else doubtful)
    for _ in range(16):
        clock.moment += timedelta(minutes=5)
        tell(engine, clock, mail)
        worker.tick("reconcile_deliveries", "send_campaigns")
    assert states(engine) == {"accepted": 45}
    assert set(received(mail).values()) == {1}
    assert len(received(mail)) == 45
    assert campaign_state(engine) == "sent"


def test_without_a_webhook_nothing_in_doubt_is_sent_again(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    del os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"]
    settings.cache_clear()
    with transaction(engine) as session:
        add_people(session, 3, clock.now())
        add_campaign(session, clock.now())
    mail.faults.next_requests("accept-then-drop")
    worker.tick()
    for _ in range(5):
        clock.moment += timedelta(minutes=10)
        worker.tick("reconcile_deliveries", "send_campaigns")
    os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"] = mail.webhook_key
    assert states(engine) == {"in_doubt": 3}
    assert set(received(mail).values()) == {1}
    assert campaign_state(engine) == "sending"


def test_one_bad_address_leaves_the_others_alone(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        add_people(session, 20, clock.now())
        add_people(session, 1, clock.now(), prefix="a b;")
        add_people(session, 20, clock.now(), prefix="q")
        add_campaign(session, clock.now())
    worker.tick()
    assert states(engine) == {"accepted": 40, "refused": 1}
    assert set(received(mail).values()) == {1}
    assert campaign_state(engine) == "sent"
    with transaction(engine) as session:
        assert "valid address" in (session.scalar(select(Delivery.refusal).where(Delivery.state == "refused")) or "")


def test_a_key_that_is_not_taken_pauses_the_campaign_and_resuming_goes_on(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    os.environ["GROWTH_SENDGRID_API_KEY"] = "SG.wrong"
    settings.cache_clear()
    with transaction(engine) as session:
        add_people(session, 3, clock.now())
        add_campaign(session, clock.now())
    worker.tick()
    assert campaign_state(engine) == "paused"
    assert states(engine) == {"planned": 3}
    os.environ["GROWTH_SENDGRID_API_KEY"] = mail.key
    settings.cache_clear()
    with transaction(engine) as session:
        session.execute(text("update campaign set state = 'sending'"))
    clock.moment += timedelta(minutes=1)
    worker.tick()
    assert states(engine) == {"accepted": 3}
    assert campaign_state(engine) == "sent"


def test_permission_that_ends_after_the_selection_counts(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        people = add_people(session, 4, clock.now())
        add_campaign(session, clock.now())
    mail.faults.next_requests("429")
    worker.tick()
    with transaction(engine) as session:
        session.execute(text("update consent set granted = false where person_id = :id"), {"id": people[0]})
        session.execute(text("update person set erased_at = now() where id = :id"), {"id": people[1]})
    clock.moment += timedelta(hours=1)
    worker.tick()
    assert len(received(mail)) == 2
    assert states(engine) == {"accepted": 2}
    with transaction(engine) as session:
        reasons = session.execute(text("select reason from exclusion order by 1")).scalars().all()
    assert reasons == ["erased", "no_consent"]
    assert campaign_state(engine) == "sent"


def test_two_workers_never_claim_the_same(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        set_up(session, clock.now())
        people = add_people(session, 10, clock.now())
        run = CampaignRun(
            campaign_id=add_campaign(session, clock.now(), state="sending").id, due_at=clock.now(), state="sending"
        )
        session.add(run)
        session.flush()
        version = ensure_version(session, "welcome_buyer", "en", clock.now()).id
        session.add_all(Delivery(campaign_run_id=run.id, person_id=person, locale="en") for person in people)
    part = Part(run.id, "en", version, 0, 2**62)
    with transaction(engine) as one, transaction(engine) as other:
        first, second = claim(one, part, 6, clock.now()), claim(other, part, 6, clock.now())
    assert isinstance(first, Claimed)
    assert isinstance(second, Claimed)
    assert (len(first.recipients), len(second.recipients)) == (6, 4)
    assert {to.person_id for to in first.recipients} | {to.person_id for to in second.recipients} == set(people)
    with transaction(engine) as session:
        assert claim(session, part, 6, clock.now()) is None


def test_where_nobody_listens_nothing_is_in_doubt(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    os.environ["GROWTH_SENDGRID_URL"] = f"http://127.0.0.1:{port}"
    settings.cache_clear()
    with transaction(engine) as session:
        add_people(session, 3, clock.now())
        add_campaign(session, clock.now())
    worker.tick()
    assert states(engine) == {"planned": 3}
    os.environ["GROWTH_SENDGRID_URL"] = mail.url
    settings.cache_clear()
    clock.moment += timedelta(minutes=1)
    worker.tick()
    assert states(engine) == {"accepted": 3}


class Narrow(BaseHTTPRequestHandler):
    """Takes seven recipients at a time, and none whose address ends in `bad@example.com`, without saying which."""

    taken: list[str]

    def do_POST(self) -> None:
        body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wanted = [one["to"][0]["email"] for one in body["personalizations"]]
        refused = len(wanted) > 7 or any(address.startswith("bad") for address in wanted)
        if not refused:
            self.taken.extend(wanted)
        self.send_response(413 if refused else 202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def narrow(mail: Running) -> Iterator[list[str]]:
    """A provider that takes little at a time; gives what it took."""
    taken: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Taking", (Narrow,), {"taken": taken}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    os.environ["GROWTH_SENDGRID_URL"] = f"http://127.0.0.1:{server.server_port}"
    settings.cache_clear()
    yield taken
    os.environ["GROWTH_SENDGRID_URL"] = mail.url
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_is_too_large_goes_in_smaller_ones(
    engine: Engine, clock: FixedClock, worker: Worker, narrow: list[str]
) -> None:
    with transaction(engine) as session:
        add_people(session, 20, clock.now())
        add_people(session, 1, clock.now(), prefix="bad")
        add_people(session, 20, clock.now(), prefix="q")
        add_campaign(session, clock.now())
    worker.tick()
    assert states(engine) == {"accepted": 40, "refused": 1}
    assert len(narrow) == len(set(narrow)) == 40


def test_a_provider_that_refuses_everybody_pauses_instead_of_burning_the_audience(
    engine: Engine, clock: FixedClock, worker: Worker, narrow: list[str]
) -> None:
    with transaction(engine) as session:
        add_people(session, 100, clock.now(), prefix="bad")
        add_campaign(session, clock.now())
    worker.tick()
    assert narrow == []
    assert campaign_state(engine) == "paused"
    assert states(engine)["refused"] < 26


def test_who_lacks_what_a_message_says_of_them_is_left_out(engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        set_up(session, clock.now())
        named = add_people(session, 2, clock.now(), name="Ana", prefix="named")
        nameless = add_people(session, 3, clock.now(), prefix="nameless")
        run = CampaignRun(
            campaign_id=add_campaign(session, clock.now(), state="sending").id, due_at=clock.now(), state="sending"
        )
        session.add(run)
        session.flush()
        session.add_all(
            Delivery(campaign_run_id=run.id, person_id=person, locale="en") for person in [*named, *nameless]
        )
        version = ensure_version(session, "welcome_buyer", "en", clock.now())
        version.places = {"first": {"of": "first_name", "html": False, "else": None}}
    part = Part(run.id, "en", version.id, 0, 2**62)
    with transaction(engine) as session:
        letter = read_letter(session, part)
        for left in (named, []):  # the second batch has nobody to be sent to, and is gone
            found = claim(session, part, 4 if left else 1, clock.now())
            assert isinstance(found, Claimed)
            told = put_into_words(session, letter, found, clock.now())
            assert [one.person_id for one in told.recipients] == left
            assert {words["[[first]]"] for words in told.words.own.values()} == ({"Ana"} if left else set())
        assert claim(session, part, 1000, clock.now()) is None
        (batch,) = session.scalars(select(DeliveryBatch))
        assert batch.words_sealed is not None
        reasons = session.execute(text("select person_id, reason from exclusion order by 1")).all()
        assert [tuple(row) for row in reasons] == [(person, "no_value") for person in nameless]
