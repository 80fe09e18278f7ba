"""Files of events: CSV and Parquet, bad rows named, again for free, killed half-way for nothing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.errors import InvalidError
from growth.events.files import Row
from growth.events.importing import Imported, import_events
from growth.events.records import Event
from growth.people.identity import Known, ensure_person
from tests.conftest import NOON

Bad = list[tuple[int, str]]


def bring(session: Session, path: Path, zone: str = "Asia/Shanghai") -> tuple[Imported, Bad]:
    bad: Bad = []

    def reject(number: int, _row: Row, wrong: InvalidError) -> None:
        assert str(wrong).endswith(".")
        bad.append((number, wrong.field))

    return import_events(session, path, NOON, zone=zone, reject=reject), bad


def events(session: Session) -> list[Event]:
    return list(session.scalars(select(Event).order_by(Event.occurred_at, Event.kind)))


def test_good_rows_go_in_bad_ones_are_named_and_again_is_free(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "Kind;At;id;side;email;country;order;amount;currency;url\n"
        "page_view;2026-11-20 00:30;;;;br;;;;https://shop.example/сумки?utm_medium=cpc\n"
        "order;2026-11-20T10:00:00Z;o-1;buyer;A@example.com;;1001;39,90;USD;\n"
        "order;2026-11-20T10:00:00Z;o-1;buyer;A@example.com;;1001;39.90;USD;\n"
        "order;2026-11-20T11:00:00Z;o-2;;nobody@example.com;;包-2;1500;JPY;\n"
        "page_view;2026-11-20 00:30;;;;br;;;;https://shop.example/сумки?utm_medium=cpc\n"
        "refund;2026-11-21T10:00:00Z;r-1;;;;1001;;;\n"
        "order;yesterday;;;;;1;1;USD;\n"
        "nonsense;2026-11-20;;;;;;;;\n"
        "order;2026-11-20;;;;;7;1.001;USD;\n"
        "page_view;2036-11-20;;;;;;;;\n"
        "page_view;2026-11-20;;both;;;;;;\n",
        encoding="utf-8",
    )
    someone = ensure_person(session, Known(email="a@example.com"), NOON)
    done, bad = bring(session, path)
    assert bad == [(3, "amount"), (8, "at"), (10, "amount"), (9, "kind"), (12, "side"), (11, "occurred_at")]
    assert (done.new, done.known, done.rejected, done.strangers) == (5, 0, 6, 1)
    stored = events(session)
    assert [one.kind for one in stored] == ["page_view", "page_view", "order", "order", "refund"]
    assert stored[0].occurred_at == datetime(2026, 11, 19, 16, 30, tzinfo=UTC)
    assert (stored[0].country, stored[0].source, stored[0].side) == ("BR", "import", "buyer")
    assert stored[2].person_id == someone
    assert stored[2].properties == {"order": "1001", "amount_minor": 3990, "currency": "USD"}
    assert stored[3].properties["amount_minor"] == 1500
    again, _ = bring(session, path)
    assert (again.new, again.known) == (0, 5)


def test_parquet_says_the_same(session: Session, tmp_path: Path) -> None:
    arro3 = pytest.importorskip("arro3.core")
    from arro3.io import write_parquet

    moments = [1_795_000_000_000_000, 1_795_100_000_000_000, 1_795_000_000_000_000, None]
    decimals = arro3.DataType.decimal128(10, 2)
    columns: dict[str, Any] = {
        "id": arro3.Array(["a", "b", None, "d"], type=arro3.DataType.string()),
        "kind": arro3.Array(["page_view", "order", "page_view", "order"], type=arro3.DataType.string()),
        "at": arro3.Array(moments, type=arro3.DataType.int64()).cast(arro3.DataType.timestamp("us", tz="UTC")),
        "order": arro3.Array([None, 7, None, 8], type=arro3.DataType.int64()),
        "amount": arro3.Array([None, "12.50", None, "1.00"], type=arro3.DataType.string()).cast(decimals),
        "currency": arro3.Array([None, "EUR", None, "EUR"], type=arro3.DataType.string()),
    }  # fmt: skip
    path = tmp_path / "events.parquet"
    write_parquet(arro3.Table.from_pydict(columns), str(path))
    done, bad = bring(session, path)
    assert (done.new, bad) == (3, [(4, "at")])
    order = next(one for one in events(session) if one.kind == "order")
    assert order.properties == {"order": 7, "amount_minor": 1250, "currency": "EUR"}
    assert bring(session, path)[0].known == 3
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InvalidError) as wrong:
        bring(session, path)
    assert wrong.value.field == "file"


@pytest.mark.parametrize(
    "text", ["", "id,at\n1,2026-11-20\n", "kind\npage_view\n", '"kind","at"\n"page_view,2026-11-20\n']
)
def test_a_file_that_is_none_is_refused_in_words(session: Session, tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text)
    with pytest.raises(InvalidError) as wrong:
        bring(session, path)
    assert wrong.value.field == "file"
    assert session.scalar(select(func.count()).select_from(Event)) == 0


def test_cells_that_do_not_fit_are_named(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        'kind,at,properties\npage_view,2026-11-20,"{""url"": ""https://a.example/""}"\n'
        "page_view,2026-11-20,{\npage_view,2026-11-20,[1]\npage_view,2026-11-20,{},more\ncustom,2026-11-20,{}\n"
    )
    done, bad = bring(session, path)
    assert done.new == 1
    assert sorted(bad) == [(3, "properties"), (4, "properties"), (5, "row"), (6, "properties.name")]
