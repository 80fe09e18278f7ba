"""Links to reports: they show what was counted, to whoever has them, until they end."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from growth.database.audit import AuditEntry
from growth.errors import InvalidError, NotFoundError, RefusedError, TransientError
from growth.measurement.records import ChannelDay
from growth.measurement.report import report
from growth.measurement.reports.keeping import keep_shared, report_by_id
from growth.measurement.reports.records import ReportLink, ReportSnapshot
from growth.measurement.reports.sharing import DAYS, MOST_A_MINUTE, Ended, EndedError, links, open_link, revoke, share
from tests.campaigns.sending import set_up
from tests.conftest import NOON
from tests.measurement.reports.filled import fill

MINUTE = timedelta(minutes=1)


@pytest.fixture
def kept(session: Session) -> ReportSnapshot:
    set_up(session, NOON)
    fill(session, NOON)
    return keep_shared(session, report(session, "buyer", 28, "RU", NOON), made_by="ana@example.com", now=NOON)


def token_of(path: str) -> str:
    return path.removeprefix("/r/")


def test_it_shows_what_was_counted_when_it_was_made(session: Session, kept: ReportSnapshot) -> None:
    link, path = share(session, kept, 7, actor="ana@example.com", now=NOON)
    session.execute(delete(ChannelDay))
    found = open_link(session, token_of(path), NOON + MINUTE)
    assert found.snapshot.country == "RU"
    assert found.snapshot.total.acquired > 0
    assert found.ends_at == NOON + timedelta(days=7)
    session.refresh(link)
    assert (link.opened, link.opened_at) == (1, NOON + MINUTE)
    assert token_of(path).encode() not in link.token_hash
    with pytest.raises(NotFoundError):
        report_by_id(session, kept.id)


@pytest.mark.parametrize("days", DAYS)
def test_it_ends_by_itself(session: Session, kept: ReportSnapshot, days: int) -> None:
    _, path = share(session, kept, days, actor="ana@example.com", now=NOON)
    open_link(session, token_of(path), NOON + timedelta(days=days) - timedelta(seconds=1))
    with pytest.raises(EndedError) as ended:
        open_link(session, token_of(path), NOON + timedelta(days=days))
    assert ended.value.how is Ended.EXPIRED


def test_it_is_taken_back_once(session: Session, kept: ReportSnapshot) -> None:
    link, path = share(session, kept, 30, actor="ana@example.com", now=NOON)
    for _ in range(2):
        revoke(session, link.id, actor="olga@example.com", now=NOON)
    with pytest.raises(EndedError) as ended:
        open_link(session, token_of(path), NOON)
    assert ended.value.how is Ended.REVOKED
    actions = session.execute(select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.id)).all()
    assert [tuple(one) for one in actions][-2:] == [
        ("report link made", "ana@example.com"),
        ("report link revoked", "olga@example.com"),
    ]
    assert not any(token_of(path) in str(one.detail) for one in session.scalars(select(AuditEntry)))
    assert [one.link.id for one in links(session, NOON, live=False)] == [link.id]
    assert not links(session, NOON)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 200), letter=st.sampled_from("aZ0-_.\x00é"))
def test_no_changed_token_opens_anything(session: Session, place: int, letter: str) -> None:
    token = "c29tZXRoaW5nIHJhbmRvbQ.AAAAAAAAAAAAAAAAAAAAAA"
    changed = token[: place % len(token)] + letter + token[place % len(token) + 1 :]
    with pytest.raises(RefusedError):
        open_link(session, changed, NOON)


def test_a_genuine_token_of_a_link_that_is_gone_has_ended(session: Session, kept: ReportSnapshot) -> None:
    link, path = share(session, kept, 1, actor="ana", now=NOON)
    session.delete(link)
    session.flush()
    with pytest.raises(EndedError):
        open_link(session, token_of(path), NOON)


def test_it_is_not_opened_without_end(session: Session, kept: ReportSnapshot) -> None:
    link, path = share(session, kept, 1, actor="ana", now=NOON)
    for _ in range(MOST_A_MINUTE):
        open_link(session, token_of(path), NOON)
    with pytest.raises(TransientError) as often:
        open_link(session, token_of(path), NOON)
    assert 0 < (often.value.retry_after or 0) <= 60
    open_link(session, token_of(path), NOON + MINUTE)
    session.refresh(link)
    assert link.opened == MOST_A_MINUTE + 2


@pytest.mark.parametrize("days", [0, -1, 2, 365])
def test_it_lasts_as_long_as_may_be(session: Session, kept: ReportSnapshot, days: int) -> None:
    with pytest.raises(InvalidError):
        share(session, kept, days, actor="ana", now=NOON)
    assert not session.scalars(select(ReportLink)).all()


@pytest.mark.parametrize("number", [0, -5, 10**30, 999_999])
def test_no_such_link(session: Session, number: int) -> None:
    with pytest.raises(NotFoundError):
        revoke(session, number, actor="ana", now=NOON)


def test_links_are_listed_by_pages(session: Session, kept: ReportSnapshot) -> None:
    made = [share(session, kept, 7, actor="ana", now=NOON)[0].id for _ in range(5)]
    first = [one.link.id for one in links(session, NOON, limit=3)]
    assert first + [one.link.id for one in links(session, NOON, before=first[-1])] == made[::-1]
