"""Files of costs and rates: read as people write them, refused in words where one would have to guess."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES, labels
from growth.database.changed_days import ChannelDayDue
from growth.errors import InvalidError
from growth.money import Money
from growth.spend.cells import amount_of, number_of
from growth.spend.currencies import Rate, rates_on, record_rates, turned
from growth.spend.files import Read, read_costs, read_rates
from growth.spend.ledger import NewCost, record_costs
from growth.spend.records import Cost

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHANNELS = {side: labels(side) for side in SIDES}


def read(folder: Path, text: str, encoding: str = "utf-8") -> Read[NewCost]:
    path = folder / "costs.csv"
    path.write_bytes(text.encode(encoding))
    return read_costs(path, CHANNELS, NOW)


def test_a_file_as_an_advertising_system_writes_it(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        "day,side,channel,country,campaign,amount,currency\n"
        '2026-11-23,buyer,paid_search,RU,Brand,"1,234.50",USD\n'
        "2026/11/23,seller,offline,,,19800,CNY\n",
    )
    assert told.wrong == []
    first, second = told.good
    assert (first.day, first.channel, first.country, first.campaign) == (
        date(2026, 11, 23),
        "paid_search",
        "RU",
        "Brand",
    )
    assert (first.amount_minor, first.currency, second.amount_minor) == (123_450, "USD", 1_980_000)


def test_a_file_from_a_russian_spreadsheet(tmp_path: Path) -> None:
    text = "Дата;Сторона;Канал;Страна;Кампания;Сумма;Валюта\r\n23.11.2026;buyer;seo;Россия;Зима;1 234,5;RUB\r\n"
    for encoding in ("utf-8-sig", "cp1251"):
        (line,) = read(tmp_path, text, encoding).good
        assert (line.day, line.country, line.campaign, line.amount_minor) == (date(2026, 11, 23), "RU", "Зима", 123_450)


def test_wrong_rows_are_named_and_the_others_go_in(tmp_path: Path) -> None:
    good = "2026-11-23,buyer,seo,RU,a,1,USD"
    wrong = {
        "day": "11/12/2026,buyer,seo,RU,a,1,USD",
        "side": "2026-11-23,both,seo,RU,a,1,USD",
        "channel": "2026-11-23,seller,seo,RU,a,1,USD",
        "country": "2026-11-23,buyer,seo,Atlantis,a,1,USD",
        "campaign": f"2026-11-23,buyer,seo,RU,{'x' * 301},1,USD",
        "amount": "2026-11-23,buyer,seo,RU,b,1.005,USD",
        "currency": "2026-11-23,buyer,seo,RU,b,1,dollars",
        "row": good,
    }
    told = read(tmp_path, "\n".join(["day,side,channel,country,campaign,amount,currency", good, *wrong.values()]))
    assert len(told.good) == 1
    assert [(one.row, one.error.field) for one in told.wrong] == list(zip(range(3, 11), wrong, strict=True))
    assert all(one.error.remedy for one in told.wrong if one.error.field not in {"side", "campaign"})
    assert "2026-11-30" not in str(read(tmp_path, "day,side,channel,amount,currency\n2026-11-30,buyer,seo,1,USD").good)


def test_a_file_without_the_columns_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="names no column for amount, currency"):
        read(tmp_path, "day,side,channel,country\n2026-11-23,buyer,seo,RU\n")


@pytest.mark.parametrize(
    ("cell", "currency", "minor"),
    [
        ("1234.5", "USD", 123_450), ("1.234,50", "EUR", 123_450), ("1\u202f234,50", "RUB", 123_450),
        ("1,234,567", "USD", 123_456_700), ("1'000.25", "CHF", 100_025), ("-5", "USD", -500), ("−0,5", "USD", -50),
        ("1,234", "JPY", 1_234), ("1,234", "USD", None), ("1.234", "USD", None), ("0.125", "USD", None),
        ("1.234", "JPY", None), ("12.50", "JPY", None), ("1,234", "KWD", None), ("1.2345", "KWD", None),
        ("1.2345,5", "USD", None), ("12,34,56", "USD", None), ("1.234.56", "USD", None), ("", "USD", None),
        ("$5", "USD", None), ("1e5", "USD", None), ("0x10", "USD", None), ("9" * 29, "USD", None),
    ],
)  # fmt: skip
def test_amounts_are_read_without_guessing(cell: str, currency: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(InvalidError):
            amount_of(cell, currency)
    else:
        assert amount_of(cell, currency).minor == minor


@given(st.integers(-(10**12), 10**12), st.sampled_from(["{:,.2f}", "{:.2f}"]), st.booleans())
def test_whatever_way_an_amount_is_written_it_stays_the_same(minor: int, form: str, comma: bool) -> None:
    text = form.format(Money(minor, "USD").amount)
    swapped = text.translate(str.maketrans(",.", ".,")) if comma else text
    assert amount_of(swapped, "USD").minor == minor


def test_repeating_a_file_changes_nothing_and_another_amount_replaces(session: Session, tmp_path: Path) -> None:
    head = "day,side,channel,country,campaign,amount,currency\n"
    line = "2026-11-23,buyer,seo,RU,a,{},USD\n"
    recorded = [record_costs(session, read(tmp_path, head + line.format(one)).good, NOW) for one in (5, 5, 6)]
    assert [(one.new, one.changed, one.same) for one in recorded] == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert session.scalars(select(Cost.amount_minor)).all() == [600]
    assert session.execute(select(ChannelDayDue.day, ChannelDayDue.side)).all() == [(date(2026, 11, 23), "buyer")]


def test_thousands_of_lines_go_in_batches(session: Session) -> None:
    lines = [
        NewCost(source="t", source_key=f"{number}", day=date(2026, 11, 1), side="buyer", channel="seo",
                amount_minor=number, currency="USD")
        for number in range(2500)
    ]  # fmt: skip
    assert record_costs(session, lines, NOW).new == 2500
    assert record_costs(session, lines, NOW).same == 2500


def test_rates_are_read_and_the_latest_earlier_one_counts(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(
        "currency;day;rate\nRUB;2026-11-01;0,0125\nRUB;2026-11-10;0,013\nRUB;2026-11-11;0\nmoney;2026-11-01;1\n"
    )
    told = read_rates(path, NOW)
    assert [(one.row, one.error.field) for one in told.wrong] == [(4, "rate"), (5, "currency")]
    assert record_rates(session, "USD", told.good, NOW) == 2
    asked = [
        ("RUB", date(2026, 10, 31)),
        ("RUB", date(2026, 11, 9)),
        ("RUB", date(2026, 11, 30)),
        ("USD", date(1999, 1, 1)),
    ]
    assert rates_on(session, "USD", asked) == {
        ("RUB", date(2026, 11, 9)): Decimal("0.0125"),
        ("RUB", date(2026, 11, 30)): Decimal("0.013"),
        ("USD", date(1999, 1, 1)): 1,
    }


def test_a_rate_or_a_day_that_can_only_be_a_slip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("currency;day;rate\nRUB;2026-11-01;1000001\nRUB;1026-11-02;0,0125\nLBP;2026-11-03;0,00001\n")
    told = read_rates(path, NOW)
    assert [(one.row, one.error.field) for one in told.wrong] == [(2, "rate"), (3, "day")]
    assert len(told.good) == 1


@pytest.mark.parametrize(("currency", "minor"), [("PYG", 1), ("RWF", 1), ("XPF", 1), ("USD", 100), ("CNY", 100),
    ("JOD", 1000), ("OMR", 1000), ("TND", 1000), ("IQD", 1000)])  # fmt: skip
def test_one_of_a_currency_has_as_many_minor_units_as_the_standard_says(currency: str, minor: int) -> None:
    assert Money.of(1, currency).minor == minor


def test_a_rate_for_tomorrow_has_tomorrow_counted_again(session: Session) -> None:
    record_rates(session, "USD", [Rate("RUB", date(2026, 11, 25), Decimal("0.0125"))], NOW)
    assert date(2026, 11, 25) in set(session.scalars(select(ChannelDayDue.day)))


@pytest.mark.parametrize(("minor", "of", "base", "rate", "turned_to"), [
    (100_00, "RUB", "USD", "0.0125", 125), (1_000, "JPY", "USD", "0.0065", 650), (1_000, "KWD", "USD", "3.25", 325),
    (333, "USD", "JPY", "150.5", 501), (-100, "EUR", "USD", "1.105", -110),
])  # fmt: skip
def test_amounts_are_turned_between_minor_units(minor: int, of: str, base: str, rate: str, turned_to: int) -> None:
    assert turned(Money(minor, of), base, Decimal(rate)) == turned_to


def test_a_rate_may_have_many_decimals() -> None:
    assert number_of("0,000012345678", "rate", 12) == Decimal("0.000012345678")
    assert Rate("VND", date(2026, 1, 1), number_of("1.234", "rate", 12)).rate == Decimal("1.234")
    with pytest.raises(InvalidError):
        number_of("1,234", "rate", 12)
