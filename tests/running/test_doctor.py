"""The doctor: what it makes of what it finds, asked over the wires it really uses."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns.resolver import Resolver
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from growth.campaigns.checks.domain import resolver as asking
from growth.campaigns.sending import clock_watch
from growth.clock import FixedClock, SystemClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.errors import TransientError
from growth.running.doctor import State, clocks, database, disk, email, examine, queue
from growth.running.doctor import dns as sender_dns
from growth.settings import Settings
from tests.running.starting import growth

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def settings(**given: object) -> Settings:
    return Settings.model_validate(given)


# --- the whole ---


def test_a_healthy_installation(engine: Engine) -> None:
    states = {one.check: one.state for one in examine(engine, settings(), SystemClock())}
    assert {states[check] for check in ("database", "clock", "migrations")} == {State.OK}
    assert states["queue"] is State.WARNING
    assert states["dns"] is State.SKIPPED


def test_every_finding_that_is_not_well_has_a_remedy(engine: Engine) -> None:
    for one in examine(engine, settings(), FixedClock(NOW)):
        assert one.says
        assert bool(one.advises) == (one.state in (State.WARNING, State.FAILED)), one


def test_the_other_checks_go_on_without_a_database() -> None:
    found = list(examine(TransientError("The database can't be reached."), settings(), SystemClock()))
    assert (found[0].state, found[0].says) == (State.FAILED, "The database can't be reached.")
    assert {"disk", "sendgrid"} <= {one.check for one in found}


def test_the_command_fails_with_what_it_found_as_json() -> None:
    answer = growth("doctor", "--json", GROWTH_DATABASE_URL="postgresql://nobody@127.0.0.1:1/growth")
    found = json.loads(answer.stdout)
    assert answer.returncode == 1
    assert (found[0]["check"], found[0]["state"]) == ("database", "failed")


def test_the_command_names_a_missing_migration_and_its_remedy(server_url: str) -> None:
    answer = growth("doctor", GROWTH_DATABASE_URL=server_url)
    assert answer.returncode == 1
    assert "Type “growth migrate”." in answer.stdout


def test_the_demo_asks_no_provider(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(
            Workspace(
                name="Demo",
                time_zone="UTC",
                currency="USD",
                sender_name="Demo",
                sender_email="demo@example.com",
                demo=True,
                set_up_at=NOW,
            )
        )
    config = settings(sendgrid_api_key="SG.real", sendgrid_url="http://127.0.0.1:1")
    states = {one.check: one.state for one in examine(engine, config, SystemClock())}
    assert states["sendgrid"] is states["dns"] is State.SKIPPED


# --- decisions ---


@pytest.mark.parametrize(("major", "state"), [(14, State.FAILED), (15, State.OK), (18, State.OK)])
def test_version(major: int, state: State) -> None:
    assert database.judge_version(major).state is state


def test_revision() -> None:
    every = {"0001", "0002"}
    assert database.judge_revision("0002", "0002", every).state is State.OK
    assert "growth migrate" in database.judge_revision(None, "0002", every).advises
    assert "growth migrate" in database.judge_revision("0001", "0002", every).advises
    assert "newer version" in database.judge_revision("0009", "0002", every).advises


@given(st.timedeltas(timedelta(days=-1), timedelta(days=1)))
def test_a_clock_is_judged_alike_ahead_and_behind(ahead: timedelta) -> None:
    assert database.judge_clock(ahead, "x").state is database.judge_clock(-ahead, "x").state


def test_a_clock_that_was_moved_is_told_for_a_day(session: Session) -> None:
    clock = FixedClock(NOW)
    clock_watch.watch(session, clock)
    assert list(clocks.check(session, clock)) == []
    clock.set_by(timedelta(hours=-1))
    clock_watch.watch(session, clock)
    (found,) = clocks.check(session, clock)
    assert found.says == "The clock of this computer was put back by 60 minutes."
    assert found.advises
    clock.moment += timedelta(days=1, minutes=1)
    assert list(clocks.check(session, clock)) == []


def test_a_clock_says_which_way_it_is_wrong() -> None:
    assert "60.0 seconds behind" in database.judge_clock(timedelta(minutes=1), "x").says
    assert "60.0 seconds ahead" in database.judge_clock(timedelta(minutes=-1), "x").says


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (queue.Queue(None, 1, 0), State.OK),
        (queue.Queue(30, 1, 0), State.OK),
        (queue.Queue(300, 1, 0), State.WARNING),
        (queue.Queue(3_000, 1, 0), State.FAILED),
        (queue.Queue(None, 0, 0), State.WARNING),
        (queue.Queue(300, 0, 0), State.FAILED),
        (queue.Queue(None, 1, 2), State.WARNING),
    ],
)
def test_queue(found: queue.Queue, state: State) -> None:
    assert queue.judge(found).state is state


def test_the_oldest_waiting_task_is_found(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("insert into procrastinate_jobs (queue_name, task_name, args) values ('q', 't', '{}')"))
        session.execute(text("update procrastinate_events set at = now() - interval '5 minutes'"))
        found = queue.check(session)
    assert found.state is State.FAILED
    assert "300 seconds" in found.says


@pytest.mark.parametrize(("free", "state"), [(10**11, State.OK), (10**9, State.WARNING), (10**8, State.FAILED)])
def test_disk(free: int, state: State) -> None:
    assert disk.judge(free).state is state


def test_webhook_key() -> None:
    public = generate_private_key(SECP256R1()).public_key()
    good = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    states = [email.judge_webhook_key(key).state for key in (good, good[:-8], "?", "", None)]
    assert states == [State.OK, State.FAILED, State.FAILED, State.WARNING, State.WARNING]


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://growth.example.com", State.OK),
        ("http://growth.example.com", State.WARNING),
        ("http://127.0.0.1:8000", State.WARNING),
    ],
)
def test_public_address(url: str, state: State) -> None:
    assert email.judge_address(url).state is state


# --- SendGrid's own wire ---


@contextmanager
def sendgrid(status: int, body: object) -> Iterator[str]:
    """Answers GET /v3/scopes."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v3/scopes" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "state", "words"),
    [
        (200, {"scopes": ["mail.send"]}, State.OK, "takes the key"),
        (200, {"scopes": ["alerts.read"]}, State.FAILED, "may not send"),
        (401, {"errors": []}, State.FAILED, "refuses the key"),
        (503, {}, State.FAILED, "status 503"),
    ],
)
def test_the_key_is_tried(status: int, body: object, state: State, words: str) -> None:
    with sendgrid(status, body) as url:
        answered, scopes, date = email.ask_for_scopes("SG.test", url)
    found = email.judge_key(answered, scopes)
    assert found.state is state
    assert words in found.says
    assert date is not None


def test_a_provider_that_does_not_answer() -> None:
    assert (
        email.judge_key(*email.ask_for_scopes("SG.test", "http://127.0.0.1:1")[:2]).says == "SendGrid doesn't answer."
    )


# --- DNS on the wire ---

WELL = {
    ("shop.example", "MX"): ["10 mail.shop.example."],
    ("shop.example", "A"): ["192.0.2.1"],
    ("shop.example", "TXT"): ['"other"', '"v=spf1 include:send" "grid.net ~all"'],
    ("s1._domainkey.shop.example", "TXT"): ['"k=rsa; p=abc"'],
    ("_dmarc.shop.example", "TXT"): ['"v=DMARC1; p=none"'],
}


@contextmanager
def name_server(records: dict[tuple[str, str], list[str]]) -> Iterator[Resolver]:
    """A name server on loopback that knows these records; gives a resolver that asks it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer, args=(listening, records))
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], listening.getsockname()[1]
        yield resolver
        listening.sendto(b"", listening.getsockname())
        thread.join()


def _answer(listening: socket.socket, records: dict[tuple[str, str], list[str]]) -> None:
    while True:
        packet, sender = listening.recvfrom(4096)
        if not packet:
            return
        query = dns.message.from_wire(packet)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        found = records.get((question.name.to_text(omit_final_dot=True), kind), [])
        if found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        listening.sendto(answer.to_wire(), sender)


def states(records: dict[tuple[str, str], list[str]]) -> dict[str, State]:
    with name_server(records) as resolver:
        ask = asking(resolver)
        return {one.check: one.state for one in sender_dns.check("a@shop.example", demo=False, ask=ask)}


def test_a_domain_in_good_order() -> None:
    assert states(WELL) == dict.fromkeys(("replies", "spf", "dkim", "dmarc"), State.OK)


def test_a_domain_that_publishes_nothing() -> None:
    assert states({}) == {
        "replies": State.FAILED,
        "spf": State.WARNING,
        "dkim": State.FAILED,
        "dmarc": State.FAILED,
    }


def test_two_spf_records_void_each_other() -> None:
    twice = WELL | {("shop.example", "TXT"): ['"v=spf1 -all"', '"v=spf1 ~all"']}
    assert states(twice)["spf"] is State.FAILED


def test_a_domain_without_mail_servers() -> None:
    without = {key: value for key, value in WELL.items() if key[1] != "MX"}
    assert states(without)["replies"] is State.WARNING
    assert states(WELL | {("shop.example", "MX"): ["0 ."]})["replies"] is State.FAILED


def test_no_name_server_is_told_and_not_a_failure() -> None:
    resolver = Resolver(configure=False)
    resolver.nameservers = []
    found = list(sender_dns.check("a@shop.example", demo=False, ask=asking(resolver)))
    assert [(one.check, one.state) for one in found] == [("dns", State.WARNING)]
