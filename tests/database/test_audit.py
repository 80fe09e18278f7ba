"""The audit log: a chain that an edit, a gap or two writers at once would show."""

import threading

from sqlalchemy import Engine, select, text

from growth.clock import FixedClock
from growth.database.audit import AuditEntry, audit, chained
from growth.database.engine import transaction


def broken_at(engine: Engine) -> list[str]:
    """Subjects of entries whose digest isn't that of what stands there now."""
    with transaction(engine) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        before = [b"", *(entry.digest for entry in entries)]
        pairs = zip(before, entries, strict=False)
        return [entry.subject for digest, entry in pairs if chained(digest, entry) != entry.digest]


def test_an_edit_or_a_gap_shows_and_writers_at_once_are_no_gap(engine: Engine, clock: FixedClock) -> None:
    def write(number: int) -> None:
        with transaction(engine) as session:
            detail = {"after": {"rate": "0.5"}, "before": None, "deep": [number, "ё"]}
            audit(session, actor="a", action="x", subject=f"{number}", detail=detail, now=clock.now())
            audit(session, actor="a", action="y", subject=f"{number} too", detail={}, now=clock.now())

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert broken_at(engine) == []
    with transaction(engine) as session:
        session.execute(text("update audit_log set actor = 'b' where subject = '3'"))
        session.execute(text("delete from audit_log where subject = '5'"))
    assert sorted(broken_at(engine)) == ["3", "5 too"]
