"""`growth channel report`: the same figures as the page, for programs and on the terminal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Engine, text

from growth.database.engine import transaction
from growth.measurement.rolling_up import roll_up
from tests.attribution.happened import PAID, credit_all, found, happen, people, sold
from tests.events.happenings import happening
from tests.running.starting import growth

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def test_the_report_says_quality_language_and_comparison(engine: Engine, database_url: str) -> None:
    found(engine, NOW, zone="UTC")
    buyers = people(engine, NOW, 2, country="RU")
    with transaction(engine) as session:
        session.execute(text("update person set locale = 'ru' where id = :one"), {"one": buyers[0]})
    events = []
    for number, buyer in enumerate(buyers):
        events += [
            happening(f"t{number}", NOW - 3 * DAY, properties=PAID, person_id=buyer),
            happening(f"r{number}", NOW - 2 * DAY, kind="registration", person_id=buyer),
        ]
    events += [
        happening(f"o{number}", NOW - DAY + number * timedelta(hours=1), kind="order", person_id=buyers[0],
                  properties=sold(f"{number}", 500))
        for number in range(2)
    ]  # fmt: skip
    happen(engine, NOW, *events)
    credit_all(engine, NOW)
    with transaction(engine) as session:
        roll_up(session, NOW, None, 1000)
    here = {"GROWTH_DATABASE_URL": database_url}

    def told(*words: str) -> Any:
        answer = growth("channel", "report", *words, "--json", **here)
        assert answer.returncode == 0, answer.stderr
        return orjson.loads(answer.stdout)

    everybody = told()
    paid = everybody["channels"]["paid_search"]
    assert [paid["now"][name] for name in ("acquired", "ordered", "orders", "repeated", "value_minor")] == [
        2_000_000, 1_000_000, 1_000_000, 1_000_000, 1000,
    ]  # fmt: skip
    assert (paid["caused"], everybody["language"], everybody["open_since"]) == (None, None, everybody["first"])
    assert everybody["compared_with"]["last"] < everybody["first"]
    russian = told("--language", "ru", "--compare", "none", "--from", (NOW - 5 * DAY).date().isoformat())
    assert russian["total"]["acquired"] == 1_000_000
    assert (russian["before"], russian["compared_with"]) == (None, None)
    assert told("--month", f"{NOW:%Y-%m}", "--compare", "year")["compared_with"]["first"] < f"{NOW:%Y}"
    table = growth("channel", "report", COLUMNS="200", **here).stdout
    assert "50.0%" in table
    assert "more of them may yet order" in table
    for wrong in (("--month", "2099-01"), ("--language", "xx"), ("--country", "RUS"), ("--days", "8"), ("--to", "x")):
        assert growth("channel", "report", *wrong, **here).returncode == 1
