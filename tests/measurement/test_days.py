"""Which day something belongs to: by the workspace's clock, however late, early or out of order it arrives."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select, text

from growth.database.changed_days import ChannelDayDue
from growth.database.engine import transaction
from growth.events.collecting import Batch, Browser, collect
from growth.events.importing import import_events
from growth.measurement.records import ChannelDay
from tests.attribution.happened import PAID, credit_all, found
from tests.conftest import NOON
from tests.journeys.same_figures import add_up

ZONE = "America/New_York"
"""Where 1 November 2026 has 25 hours."""
SECOND = timedelta(seconds=1)
BEGINS, ENDS = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)


def told(engine: Engine, *moments: datetime, sent: datetime | None = None, now: datetime = NOON) -> None:
    """Visits by way of paid search, each told by a browser."""
    events = [{"id": f"{at} {sent}", "kind": "page_view", "at": at.isoformat(), "properties": PAID} for at in moments]
    browser = Browser(agent="Mozilla/5.0 (X11; rv:140.0) Firefox/140.0", network="n", address="192.0.2.1")
    batch = Batch(events, sent=sent.isoformat() if sent else None)
    with transaction(engine) as session:
        assert not collect(session, batch, now, trusted=False, browser=browser).refused


def visits(engine: Engine) -> dict[str, int]:
    with transaction(engine) as session:
        return {str(one.day): one.touches for one in session.scalars(select(ChannelDay)) if one.touches}


def due(engine: Engine) -> set[str]:
    credit_all(engine, NOON)
    with transaction(engine) as session:
        return {str(day) for day in session.scalars(select(ChannelDayDue.day))}


def test_a_day_is_as_long_as_the_workspace_s_clock_makes_it(engine: Engine) -> None:
    found(engine, NOON, zone=ZONE)
    told(engine, ENDS, BEGINS, ENDS - SECOND, BEGINS - SECOND)
    add_up(engine, NOON)
    assert visits(engine) == {"2026-10-31": 1, "2026-11-01": 2, "2026-11-02": 1}


def test_what_comes_late_changes_its_own_day_alone(engine: Engine) -> None:
    found(engine, NOON, zone=ZONE)
    told(engine, *(BEGINS + timedelta(days=day) for day in range(-3, 4)))
    add_up(engine, NOON)
    before = visits(engine)
    late = ENDS - SECOND / 1000
    told(engine, late)
    assert due(engine) == {"2026-11-01"}
    add_up(engine, NOON)
    assert visits(engine) == before | {"2026-11-01": before["2026-11-01"] + 1}
    told(engine, late)
    assert due(engine) == set()


def test_a_clock_that_is_wrong_over_midnight_moves_nothing_to_the_next_day(engine: Engine) -> None:
    found(engine, NOON, zone=ZONE)
    just_before = ENDS - timedelta(minutes=10)
    for fast in (timedelta(minutes=40), -timedelta(hours=30)):
        told(engine, just_before + fast, sent=just_before + fast + 5 * SECOND, now=just_before + 5 * SECOND)
    add_up(engine, NOON)
    assert visits(engine) == {"2026-11-01": 2}


def test_moments_of_a_file_are_of_the_workspace_s_clock(engine: Engine, tmp_path: Path) -> None:
    found(engine, NOON, zone=ZONE)
    path = tmp_path / "visits.csv"
    moments = ("2026-10-31 23:59:59", "2026-11-01", "2026-11-01 23:59:59", "2026-11-02T04:59:59Z", "2026-11-02 00:00")
    path.write_text("kind,at,url\n" + "".join(f"page_view,{at},{PAID['url']}\n" for at in moments))
    with transaction(engine) as session:
        done = import_events(session, path, NOON, zone=ZONE, reject=lambda *_: None)
        assert (done.new, done.rejected) == (5, 0)
        assert session.scalar(text("select min(occurred_at) from event")) == BEGINS - SECOND
    add_up(engine, NOON)
    assert visits(engine) == {"2026-10-31": 1, "2026-11-01": 3, "2026-11-02": 1}
