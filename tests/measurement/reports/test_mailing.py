"""The weekly report by e-mail: to each manager once, in their language, until they stop it."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from growth.campaigns.letters.records import Letter
from growth.campaigns.letters.sending import claim, request_of
from growth.clock import FixedClock
from growth.database.changed_days import mark_changed
from growth.database.engine import transaction
from growth.errors import InvalidError, RefusedError
from growth.locales import LOCALES
from growth.measurement.reports.keeping import keep_week
from growth.measurement.reports.letter import LARGEST, as_document, frame_of
from growth.measurement.reports.mailing import letters_of_week, send_to
from growth.measurement.reports.readers import next_readers, read_stop, set_wish, sign_stop, wants
from growth.measurement.reports.records import ReportSnapshot
from growth.measurement.reports.snapshot import Snapshot, from_json
from growth.people.accounts import Account, Role
from growth.people.identity import EMAIL, email_hash
from growth.people.passwords import no_password
from growth.people.staff import close_account, new_account
from growth.people.suppression import suppress
from growth.scheduling.declare import find_job
from growth.scheduling.due import next_due
from growth.scheduling.records import JobLine, JobRun
from tests.campaigns.sending import Worker, set_up
from tests.conftest import NOON
from tests.measurement.reports.filled import MONDAY, fill
from tests.sandbox.running import Running

OPEN, STOP = (
    ["https://growth.example/reports/1", "https://growth.example/reports/2"],
    "https://growth.example/p/reports?t=x",
)


def account(session: Session, name: str, *roles: Role, locale: str | None = None) -> Account:
    """Somebody of the team, `<name>@example.com`."""
    made = new_account(
        session, email=f"{name}@example.com", name=name.title(), roles=roles, password_hash=no_password(), now=NOON
    )
    made.locale = locale
    session.flush()
    return made


def team(session: Session) -> dict[str, int]:
    """Two managers, one of them Russian, and others who have not asked for it."""
    return {
        one.name: one.id
        for one in (
            account(session, "mary", Role.MANAGER),
            account(session, "olga", Role.MANAGER, Role.MARKETER, locale="ru"),
            account(session, "adam", Role.ADMIN),
            account(session, "mark", Role.MARKETER, locale="pt_BR"),
            account(session, "rita", Role.REP),
        )
    }


def snapshots(session: Session) -> list[Snapshot]:
    return [
        from_json(keep_week(session, MONDAY, side, made_by="test", now=NOON).content) for side in ("buyer", "seller")
    ]


def names(session: Session) -> list[str]:
    return [one.name for one in next_readers(session, 0, 100)]


def test_managers_get_it_unless_they_stop_and_others_once_they_ask(session: Session) -> None:
    ids = team(session)
    assert names(session) == ["Mary", "Olga"]
    set_wish(session, ids["Mary"], NOON, wanted=False)
    set_wish(session, ids["Mark"], NOON, wanted=True)
    set_wish(session, ids["Rita"], NOON, wanted=True)
    assert names(session) == ["Olga", "Mark"]
    assert not wants(session, ids["Rita"], {Role.REP})
    assert not wants(session, ids["Mary"], {Role.MANAGER})
    set_wish(session, ids["Mary"], NOON, wanted=True)
    close_account(session, session.get_one(Account, ids["Olga"]), NOON)
    assert names(session) == ["Mary", "Mark"]
    assert [one.name for one in next_readers(session, ids["Mary"], 1)] == ["Mark"]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_letter_in_every_language(session: Session, locale: str) -> None:
    set_up(session, NOON)
    fill(session, NOON)
    made = frame_of(session, snapshots(session), locale, OPEN).to("Ana <b>", STOP)
    assert len(made.html.encode()) < LARGEST
    assert made.unsubscribe == STOP
    for part in (made.subject, made.html, made.text):
        assert "[[" not in part
        assert not re.search(r"\(the re|stop\.invalid", part)
    assert "714" in made.subject
    assert "\n" not in made.subject
    assert "Ana &lt;b&gt;" in made.html
    assert f'href="{STOP}"' in made.html
    for page in OPEN:
        assert f'href="{page}/report.parquet"' in made.html
        assert f"{page}/report.csv" in made.text
    assert STOP in made.text
    assert not re.search(r"<img|<script|https?://(?!growth\.example|www\.w3\.org)", made.html)

    assert "910" in made.text


def test_the_longest_texts_still_fit(session: Session) -> None:
    set_up(session, NOON)
    fill(session, NOON)
    kept = snapshots(session)
    full = [from_json({**one.__dict__, "notes": list(kept[0].notes) * 6}) for one in kept]
    made = frame_of(session, full, "ru", OPEN).to("Имя" * 40, STOP)
    assert len(made.html.encode()) < LARGEST


def test_the_file_that_needs_nothing_else(session: Session) -> None:
    set_up(session, NOON)
    fill(session, NOON)
    made = as_document(snapshots(session)[0], "zh_CN")
    assert '<html lang="zh-CN">' in made
    assert not re.search(r"<img|<script|<link|url\(", made)


def test_nobody_is_written_to_before_set_up(session: Session) -> None:
    with pytest.raises(RefusedError):
        frame_of(session, [], "en", [])


def test_the_job_runs_on_mondays_at_seven_of_the_workspace() -> None:
    when = find_job("weekly_report").when
    assert when is not None
    assert next_due(when, "Asia/Shanghai", NOON) == datetime(2026, 11, 29, 23, 0, tzinfo=UTC)


def test_each_manager_gets_one_letter_however_often_it_runs(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        ids = team(session)
        fill(session, clock.now())
    for _ in range(3):
        worker.tick("weekly_report")
        clock.moment += timedelta(minutes=1)
    assert len(mail.mailbox) == 2
    (mary,), (olga,) = mail.mailbox.to("mary@example.com"), mail.mailbox.to("olga@example.com")
    assert mary.subject == "Registered: 714; Shops opened: 35 (Nov 16 – 22, 2026)"
    assert "Покупатели" in olga.html
    assert "Покупатели" not in mary.html
    with transaction(engine) as session:
        assert set(letters_of_week(session, MONDAY, ids.values())) == {ids["Mary"], ids["Olga"]}
        assert session.scalar(select(func.count()).select_from(ReportSnapshot)) == 2
        account(session, "nina", Role.MANAGER)
        told = session.scalars(select(JobLine.words).order_by(JobLine.id)).all()
    assert {"message": "Week %(week)s, readers: %(readers)s.", "values": {"week": "2026-W47", "readers": 2}} in told
    worker.tick("weekly_report")
    assert len(mail.mailbox) == 3


def test_it_waits_until_the_week_is_counted_but_not_for_ever(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        team(session)
        fill(session, clock.now())
        mark_changed(session, [(MONDAY, "seller")])
    worker.tick("weekly_report")
    assert len(mail.mailbox) == 0
    clock.moment += timedelta(hours=3)
    worker.work()
    assert len(mail.mailbox) == 2
    with transaction(engine) as session:
        assert session.scalar(select(JobRun.state).where(JobRun.job == "weekly_report")) == "succeeded"
        assert {one.content["unfinished"] for one in session.scalars(select(ReportSnapshot))} == {True}


def test_a_barred_address_gets_nothing_and_holds_nobody_up(
    engine: Engine, clock: FixedClock, worker: Worker, mail: Running
) -> None:
    with transaction(engine) as session:
        team(session)
        digest = email_hash("mary@example.com")
        suppress(session, EMAIL, digest, reason="hard_bounce", source="test", now=clock.now())
        fill(session, clock.now())
        account(session, "odd", Role.MANAGER).email = "no address"
    worker.tick("weekly_report")
    assert not mail.mailbox.to("mary@example.com")
    assert len(mail.mailbox.to("olga@example.com")) == 1


def test_of_nothing_nothing_is_sent(engine: Engine, worker: Worker) -> None:
    with transaction(engine) as session:
        team(session)
    worker.tick("weekly_report")
    with transaction(engine) as session:
        assert not session.scalars(select(Letter)).all()
        assert session.scalar(select(JobRun.state).where(JobRun.job == "weekly_report")) == "succeeded"


def test_by_hand_to_chosen_colleagues_once_a_minute(engine: Engine, clock: FixedClock, worker: Worker) -> None:
    with transaction(engine) as session:
        ids = team(session)
        kept = keep_week(session, MONDAY, "buyer", made_by="test", now=clock.now())
    for _ in range(2):
        with transaction(engine) as session:
            assert send_to(session, kept, [ids["Mark"], ids["Mark"]], actor="mary", now=clock.now()) == 1
    with transaction(engine) as session:
        assert [one.kind for one in session.scalars(select(Letter))] == ["report"]
        for wrong in ([], [ids["Rita"]], [10**12]):
            with pytest.raises(InvalidError):
                send_to(session, kept, wrong, actor="mary", now=clock.now())
    assert worker.clock is clock


def test_a_mail_program_finds_the_way_out(engine: Engine, clock: FixedClock, worker: Worker) -> None:
    with transaction(engine) as session:
        ids = team(session)
        kept = keep_week(session, MONDAY, "buyer", made_by="test", now=clock.now())
        send_to(session, kept, [ids["Mary"]], actor="mary", now=clock.now())
    with transaction(engine) as session:
        claimed, _ = claim(session, clock.now())
        assert claimed is not None
        headers = request_of(claimed)["personalizations"][0]["headers"]
        message = EmailMessage()
        for name, value in headers.items():
            message[name] = value
        address = str(message["List-Unsubscribe"]).strip("<>")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert address.endswith(sign_stop(ids["Mary"]))
        assert read_stop(session, address.partition("t=")[2]).id == ids["Mary"]
    assert worker.clock is clock


@pytest.mark.parametrize("token", ["", "x", "a.b", sign_stop(1).partition("t=")[2][:-1] + "A"])
def test_a_tampered_way_out_leads_nowhere(session: Session, token: str) -> None:
    with pytest.raises(RefusedError):
        read_stop(session, token)
