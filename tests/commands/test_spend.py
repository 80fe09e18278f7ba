"""`growth spend` and `growth channel` from a shell: in, again, wrong rows told, and the report."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, select

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.measurement.rolling_up import roll_up
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
    assert "Row 4, channel: There is no such channel on this side." in first.stderr
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


def report(engine: Engine, here: dict[str, str]) -> dict[str, Any]:
    with transaction(engine) as session:
        roll_up(session, NOW, None, 1000)
    answer = growth("channel", "report", "--json", **here)
    assert answer.returncode == 0, answer.stderr
    return orjson.loads(answer.stdout)  # type: ignore[no-any-return]
