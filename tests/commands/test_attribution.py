"""`growth attribution` from a shell: a file, wrong rows, adopting a model, and telling a visitor apart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
from sqlalchemy import Engine, select

from growth.attribution.adopting import recount
from growth.attribution.records import Credit
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from tests.attribution.happened import GOOGLE, PAID, credit_all, found, happen, people, sold
from tests.events.happenings import happening
from tests.running.starting import growth

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def test_a_file_is_credited_without_a_database_and_wrong_rows_are_told(tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("path,conversions,value,nulls\na > b,2,10.50,1\nb,1,2,3\na,x,1,1\n")
    told = growth("attribution", "evaluate", str(file), "--model", "markov", "--order", "2", "--json")
    assert told.returncode == 0, told.stderr
    assert f"{file.name}, row 4, conversions: " in told.stderr
    found_out = orjson.loads(told.stdout)
    assert set(found_out) >= {"model", "conversions", "credits", "seconds"}
    assert (found_out["model"], found_out["conversions"]) == ("markov", 3)
    # Order 2: the states are "a, b" and "b"; without a two are lost, without b all three.
    assert found_out["credits"]["a"]["conversions"] == 1.2
    assert found_out["credits"]["b"]["conversions"] == 1.8
    table = growth("attribution", "evaluate", str(file), "--model", "linear").stdout
    assert "3 conversions by linear" in table
    wrong = growth("attribution", "evaluate", str(file), "--model", "best")
    assert wrong.returncode == 1
    assert "Choose one of: last, first" in wrong.stderr


def test_a_model_is_adopted_and_a_visitor_told_apart(engine: Engine, database_url: str) -> None:
    found(engine, NOW, zone="UTC")
    (buyer,), visitor = people(engine, NOW, 1), UUID(int=5)
    happen(
        engine, NOW,
        happening("a", NOW - 3 * DAY, properties=GOOGLE, visitor=visitor),
        happening("b", NOW - 2 * DAY, properties=PAID, visitor=visitor, person_id=buyer),
        happening("o", NOW - DAY, kind="order", person_id=buyer, properties=sold("1", 5)),
    )  # fmt: skip
    credit_all(engine, NOW)
    here = {"GROWTH_DATABASE_URL": database_url, "COLUMNS": "200"}
    choice = ("--model", "first", "--window", "email=7", "--window", "seo=20/2")
    beside = growth("attribution", "compare", *choice, "--json", **here)
    told = orjson.loads(beside.stdout)
    assert told["conversions"] == 1, beside.stderr
    assert (told["channels"]["Paid search"]["now"]["orders"], told["channels"]["Search (SEO)"]["would"]["orders"]) == (
        1_000_000, 1_000_000,
    )  # fmt: skip
    assert "1 conversions" in growth("attribution", "compare", *choice, **here).stdout
    wrong = growth("attribution", "adopt", "--model", "first", "--window", "seo=many", **here)
    assert (wrong.returncode, "channel=days" in wrong.stderr) == (1, True)
    adopted = growth("attribution", "adopt", *choice, "--back", "30", **here)
    assert adopted.stdout.startswith("first is version 2"), adopted.stderr
    assert "2  first, clicks 30 days, views 0, seo 20/2, email 7/0, since" in (
        growth("attribution", "models", **here).stdout.replace("email 7/0, seo 20/2", "seo 20/2, email 7/0")
    )
    with transaction(engine) as session:
        recount(session, NOW, None, 10)
        assert session.scalars(select(Credit.channel)).all() == ["seo"]
    apart = growth("attribution", "separate", str(buyer), str(visitor), **here)
    assert apart.stdout == "Told apart.\n", apart.stderr
    with transaction(engine) as session:
        assert session.scalars(select(Credit.channel)).all() == ["paid_search"]
        assert session.scalars(select(AuditEntry.action)).all() == ["adopt model", "separate visitor"]
    assert growth("attribution", "separate", str(buyer), str(visitor), "--again", **here).stdout == "Joined again.\n"
    assert growth("attribution", "separate", "99", str(visitor), **here).returncode == 1
