"""`growth spend` and `growth channel` from a shell: in, again, wrong rows told, and the report."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, select

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.measurement.rolling_up import roll_up
from growth.scheduling.records import JobRun
from tests.attribution.happened import found
from tests.running.starting import growth

NOW = datetime.now(UTC)


def test_costs_rates_and_the_report(engine: Engine, database_url: str, tmp_path: Path) -> None:
    found(engine, NOW, zone="UTC")
    day = (NOW - timedelta(days=2)).date()
    costs, rates = tmp_path / "costs.csv", tmp_path / "rates.csv"
    costs.write_text(
        f"day,side,channel,amount,currency\n{day},buyer,seo,10,USD\n{day},buyer,email,100,CNY\n{day},buyer,tv,1,USD\n"
    )
    rates.write_text(f"day,currency,rate\n{day},CNY,0.14\n")
    here = {"GROWTH_DATABASE_URL": database_url, "COLUMNS": "200"}
    first = growth("spend", "import", str(costs), **here)
    assert (first.returncode, first.stdout) == (0, "2 new, 0 changed, 0 the same, 1 left out.\n")
    assert "costs.csv, row 4, channel: There is no such channel on this side." in first.stderr
    assert "0 new, 0 changed, 2 the same" in growth("spend", "import", str(costs), **here).stdout
    assert report(engine, here)["unrated"] == ["CNY"]
    assert growth("spend", "rates", str(rates), **here).stdout == "1 new or changed, 0 the same, 0 left out.\n"
    told = report(engine, here)
    assert told["unrated"] == []
    assert told["channels"]["email"]["now"]["cost_minor"] == 1400
    table = growth("channel", "report", **here)
    assert "Permission e-mail" in table.stdout
    assert growth("channel", "report", "--days", "5", **here).returncode == 1
    with transaction(engine) as session:
        assert list(session.scalars(select(AuditEntry.action))) == ["spend import", "rates import"]


def test_the_ledger_is_entered_listed_and_put_right(engine: Engine, database_url: str, tmp_path: Path) -> None:
    found(engine, NOW, zone="UTC")
    here = {"GROWTH_DATABASE_URL": database_url, "COLUMNS": "200"}
    day = str((NOW - timedelta(days=2)).date())
    told = growth("spend", "enter", day, "offline", "Canton Fair", "900", "USD", "--last", str(NOW.date()), **here)
    assert told.returncode == 0, told.stderr
    assert growth("spend", "price", "rep_hour", day, "10", "USD", **here).returncode == 0
    assert growth("spend", "hours", day, "rep@example.com", "6.5", **here).returncode == 0
    listed = orjson.loads(growth("spend", "list", "--json", **here).stdout)
    assert sorted(one["amount_minor"] for one in listed["costs"]) == [6_500, 30_000, 30_000, 30_000]
    fair = next(one["id"] for one in listed["costs"] if one["campaign"] == "Canton Fair")
    assert growth("spend", "correct", str(fair), "250", "a bill came back", **here).returncode == 0
    assert "5 lines, 915.00 USD." in growth("spend", "list", **here).stdout
    assert growth("spend", "correct", str(fair), "250", "again", **here).returncode == 1
    refused = growth("spend", "move", "seo", "paid_search", "300", **here)
    assert (refused.returncode, "The past can't say" in refused.stderr) == (1, True)
    wrong, left = tmp_path / "wrong.csv", tmp_path / "left.csv"
    wrong.write_text(f"day,side,channel,amount,currency\n{day},buyer,tv,10,USD\n")
    assert growth("spend", "import", str(wrong), "--rejected", str(left), **here).returncode == 1
    assert "Write one of parent_referral" in left.read_text(encoding="utf-8-sig")
    with transaction(engine) as session:
        runs = session.execute(select(JobRun.job, JobRun.args)).all()
        assert ("cost_rep_time", {"since": day}) in runs


def report(engine: Engine, here: dict[str, str]) -> dict[str, Any]:
    with transaction(engine) as session:
        roll_up(session, NOW, None, 1000)
    answer = growth("channel", "report", "--json", **here)
    assert answer.returncode == 0, answer.stderr
    return orjson.loads(answer.stdout)  # type: ignore[no-any-return]
