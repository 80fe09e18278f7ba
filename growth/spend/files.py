"""Files of costs and of rates: columns found by their names, rows read one at a time, wrong ones told apart."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.importing.cells import bare, country_of
from growth.people.importing.files import guess_format, header_of, read_rows
from growth.spend.cells import Channels, amount_of, channel_of, currency_of, day_of, number_of, side_of
from growth.spend.currencies import Rate
from growth.spend.ledger import NewCost

COLUMNS = {
    "day": "day|date|день|дата|dia|data|日期|天",
    "side": "side|сторона|lado|方",
    "channel": "channel|канал|canal|渠道",
    "country": "country|страна|país|pais|国家",
    "campaign": "campaign|кампания|campanha|活动|广告系列",
    "amount": "amount|cost|spend|сумма|расход|расходы|valor|custo|gasto|金额|费用|花费",
    "currency": "currency|валюта|moeda|货币|币种",
    "rate": "rate|курс|taxa|câmbio|汇率",
}
"""Our columns and what headers call them."""

SOURCE = "file"
_LONGEST_CAMPAIGN = 300
_RATE_DIGITS = 12
_LARGEST_RATE = 10**6
"""No currency is worth more of another; a slip that large would make sums that no column holds."""
_FIELD_OF = {word: field for field, words in COLUMNS.items() for word in words.split("|")}

Line = TypeVar("Line")


@dataclass(frozen=True)
class Wrong:
    """A row that was left out: its number as a spreadsheet shows it, what is wrong with which field, and its cells."""

    row: int
    error: InvalidError
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class Read(Generic[Line]):
    """What a file holds."""

    good: Sequence[Line]
    wrong: Sequence[Wrong]
    header: Sequence[str] = ()


def holds_rates(path: Path) -> bool:
    """Whether the file is one of rates rather than of costs, by its header. Raises InvalidError for an empty file."""
    fields = {_field_of(cell) for cell in header_of(path, guess_format(path))}
    return "rate" in fields and "amount" not in fields


def read_costs(path: Path, channels: Channels, now: datetime) -> Read[NewCost]:
    """The costs in a file. Raises InvalidError when it has no header that names the needed columns."""
    return _read(
        path,
        ("day", "side", "channel", "amount", "currency"),
        lambda row: _cost(row, channels, now),
        lambda cost: cost.key,
    )


def read_rates(path: Path, now: datetime) -> Read[Rate]:
    """The rates in a file. Raises InvalidError when it has no header that names the needed columns."""
    return _read(path, ("day", "currency", "rate"), lambda row: _rate(row, now), lambda rate: (rate.currency, rate.day))


def _read(
    path: Path, needed: Sequence[str], read: Callable[[Mapping[str, str]], Line], key: Callable[[Line], object]
) -> Read[Line]:
    good: list[Line] = []
    wrong: list[Wrong] = []
    seen: dict[object, int] = {}
    header, rows = _rows(path, needed)
    for number, cells, row in rows:
        try:
            line = read(row)
            _refuse_twice(number, seen.setdefault(key(line), number))
            good.append(line)
        except InvalidError as error:
            wrong.append(Wrong(number, error, cells))
    return Read(good, wrong, header)


def _refuse_twice(row: int, first: int) -> None:
    if row != first:
        raise InvalidError(
            "row",
            N_("It is for the same day and the same thing as row %(first)d."),
            remedy=N_("Add the two up, or tell them apart by their campaign."),
            first=first,
        )


def _rows(path: Path, needed: Sequence[str]) -> tuple[list[str], Iterator[tuple[int, list[str], Mapping[str, str]]]]:
    """The header, and each row's number, cells, and cells by field."""
    form = guess_format(path)
    labels = header_of(path, form)
    header = [_field_of(cell) for cell in labels]
    missing = [field for field in needed if field not in header]
    if missing:
        raise InvalidError(
            missing[0],
            N_("The first row names no column for %(missing)s."),
            remedy=N_("It should have the columns %(columns)s."),
            missing=", ".join(missing),
            columns=", ".join([*needed] if "rate" in needed else [*needed, "country", "campaign"]),
        )
    rows = read_rows(path, form)
    return labels, (
        (number, cells, {field: cell for field, cell in zip(header, cells, strict=False) if field})
        for number, cells in rows
    )


def _field_of(cell: str) -> str | None:
    return _FIELD_OF.get(" ".join(unicodedata.normalize("NFKC", cell).casefold().split()))


def _cost(row: Mapping[str, str], channels: Channels, now: datetime) -> NewCost:
    side = side_of(row.get("side", ""), channels)
    channel = channel_of(row.get("channel", ""), side, channels)
    country = country_of(row.get("country", "")) or ""
    campaign = _campaign(row.get("campaign", ""))
    amount = amount_of(row.get("amount", ""), currency_of(row.get("currency", "")))
    return NewCost(
        source=SOURCE,
        source_key=f"{side}\n{channel}\n{country}\n{campaign}",
        day=day_of(row.get("day", ""), now),
        side=side,
        channel=channel,
        country=country,
        campaign=campaign,
        amount_minor=amount.minor,
        currency=amount.currency,
    )


def _campaign(cell: str) -> str:
    text = " ".join(bare(cell).split())
    if len(text) > _LONGEST_CAMPAIGN or not text.isprintable():
        raise InvalidError(
            "campaign",
            N_("A campaign's name has at most %(longest)d characters that can be read."),
            longest=_LONGEST_CAMPAIGN,
        )
    return text


def _rate(row: Mapping[str, str], now: datetime) -> Rate:
    rate = number_of(row.get("rate", ""), "rate", _RATE_DIGITS)
    if rate <= 0:
        raise InvalidError("rate", N_("A rate is more than zero."))
    if rate > _LARGEST_RATE:
        raise InvalidError("rate", N_("This amount is larger than we can keep."))
    return Rate(currency_of(row.get("currency", "")), day_of(row.get("day", ""), now), rate)
