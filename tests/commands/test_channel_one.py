"""`growth channel show` and `growth channel funnel`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Engine

from growth.database.engine import transaction
from growth.measurement.funnels.walking import walk
from growth.measurement.rolling_up import roll_up
from tests.attribution.happened import PAID, credit_all, found, happen, people, sold
from tests.events.happenings import happening
from tests.running.starting import growth

NOW = datetime.now(UTC)


def told(database_url: str, *words: str) -> Any:
    answer = growth("channel", *words, "--json", GROWTH_DATABASE_URL=database_url)
    assert answer.returncode == 0, answer.stderr
    return orjson.loads(answer.stdout)


def test_a_channel_and_both_funnels(engine: Engine, database_url: str) -> None:
    found(engine, NOW, zone="UTC")
    (buyer,) = people(engine, NOW, 1, country="RU")
    happen(
        engine, NOW,
        happening("1", NOW - timedelta(days=3), properties=PAID, person_id=buyer),
        happening("2", NOW - timedelta(days=2), kind="registration", person_id=buyer),
        happening("3", NOW - timedelta(hours=1), kind="order", person_id=buyer, properties=sold("1", 990)),
    )  # fmt: skip
    credit_all(engine, NOW)
    with transaction(engine) as session:
        roll_up(session, NOW, None, 1000)
    behind = told(database_url, "funnel")
    assert behind["behind"] is True
    with transaction(engine) as session:
        walk(session, NOW, None, 1000)
    shown = told(database_url, "show", "paid_search", "--country", "ru")
    assert [(one["step"], one["people"]) for one in shown["funnel"]] == [
        ("visited", 1_000_000), ("subscribed", 1_000_000), ("registered", 1_000_000), ("first_order", 1_000_000),
        ("repeat_order", 0),
    ]  # fmt: skip
    assert shown["countries"] == {"RU": 1_000_000}
    assert shown["now"]["value_minor"] == 990
    assert max(one["people"] for one in shown["cohorts"]) == 1_000_000
    funnels = told(database_url, "funnel", "--side", "seller")
    assert set(funnels["channels"]) == {"members", "competitors", "online", "offline", "other", "direct"}
    here = {"GROWTH_DATABASE_URL": database_url}
    assert "first_order" in growth("channel", "show", "paid_search", **here).stdout
    assert "paid_search" in growth("channel", "funnel", **here).stdout
    for wrong in (("show", "members"), ("funnel", "--language", "xx"), ("funnel", "--country", "RUS")):
        assert growth("channel", *wrong, **here).returncode == 1
