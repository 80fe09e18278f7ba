"""Files of events: CSV in any of its spellings, or Parquet; each row becomes an event as the collector takes it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from growth.errors import InvalidError
from growth.locales import N_
from growth.money import exponent
from growth.people.importing.cells import bare, moment_of
from growth.people.importing.files import guess_format, header_of, read_rows
from growth.people.importing.opening import unpacked

FIELDS = ("id", "kind", "at", "side", "visitor", "email", "country")
"""Columns that say what an event is; `properties` is JSON, `amount` is in major units, all others are properties."""

_PARQUET = b"PAR1"
_WHOLE = ("amount_minor", "total_minor", "price_minor", "quantity")
_DIGITS = 12

Row = Mapping[str, Any]


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a file with their number, by column; empty cells are left out. Of a CSV 1 is the header.

    Raises InvalidError (field `file`) when it can't be read.
    """
    with path.open("rb") as file:
        start = file.read(4)
    return _parquet_rows(path) if start == _PARQUET else _csv_rows(path)


def _csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with unpacked(path) as plain:
        form = guess_format(plain)
        names = _named(header_of(plain, form))
        for number, cells in read_rows(plain, form):
            if len(cells) > len(names):
                yield number, {"": cells}
                continue
            texts = ((name, bare(cell)) for name, cell in zip(names, cells, strict=False) if name)
            yield number, {name: text for name, text in texts if text}


def _parquet_rows(path: Path) -> Iterator[tuple[int, Row]]:
    from arro3.io import read_parquet  # noqa: PLC0415 - only who imports such a file needs it

    number = 0
    try:
        batches = read_parquet(str(path))
        names = _named(list(batches.schema.names))
        for batch in batches:
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                found = ((name, value) for name, value in zip(names, values, strict=True) if name)
                yield number, {name: value for name, value in found if value not in (None, "")}
    except (InvalidError, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # of a broken file the reader panics, which is no `Exception`
        raise InvalidError(
            "file",
            N_("This Parquet file can't be read after row %(row)s."),
            remedy=N_("Write it again; it may have been cut short."),
            row=number,
        ) from error


def _named(header: list[str]) -> list[str]:
    names = [bare(name).replace("\ufeff", "").strip() for name in header]
    names = [name.lower() if name.lower() in (*FIELDS, "properties", "amount") else name for name in names]
    missing = [name for name in ("kind", "at") if name not in names]
    if missing:
        raise InvalidError(
            "file",
            N_("The first row names no column %(missing)s."),
            remedy=N_("Events have the columns kind and at, and may have id, side, visitor, email and country."),
            missing=", ".join(missing),
        )
    return names


def sent_of(row: Row, zone: str) -> dict[str, Any]:
    """The row as the collector takes an event, without its id where it has none. Raises InvalidError naming the field.

    A moment without an offset is meant in `zone`.
    """
    if "" in row:
        raise InvalidError("row", N_("There are more cells than columns."), remedy=N_("Quote cells that hold commas."))
    sent: dict[str, Any] = {name: _text(row[name]) for name in FIELDS if name in row and name != "at"}
    if "kind" in sent:
        sent["kind"] = sent["kind"].lower()
    sent["at"] = _moment(row.get("at"), zone)
    properties = _properties(row.get("properties"))
    properties |= {name: _plain(name, value) for name, value in row.items()
                   if name not in (*FIELDS, "properties", "amount")}  # fmt: skip
    if "amount" in row:
        properties["amount_minor"] = _minor(row["amount"], properties.get("currency"))
    return sent | {"properties": properties}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _moment(value: Any, zone: str) -> str:
    moment: datetime | None
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=ZoneInfo(zone))
    else:
        try:
            moment = moment_of(_text(value or ""), zone)
        except InvalidError:
            moment = None
    if moment is None:
        raise InvalidError(
            "at",
            N_("This moment can't be read, or it is missing."),
            remedy=N_("Write it like 2026-11-24T12:00:00Z."),
        )
    return moment.astimezone(UTC).isoformat()


def _properties(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {name: _plain(name, one) for name, one in value.items() if one is not None}
    try:
        found = json.loads(value) if isinstance(value, str) else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidError("properties", N_('Properties are an object in JSON, such as {"url": "…"}.'))
    return found


def _plain(name: str, value: Any) -> Any:
    """As JSON holds it; what counts minor units is a whole number also where a table keeps texts."""
    if name in _WHOLE and isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) <= _DIGITS + 4:
        return int(value)
    if name in _WHOLE and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | bytes):
        return str(value) if isinstance(value, Decimal) else value.hex()
    if isinstance(value, dict):
        return {key: _plain(key, one) for key, one in value.items()}
    return [_plain("", one) for one in value] if isinstance(value, list) else value


def _minor(value: Any, currency: Any) -> int:
    """Minor units of an amount in major ones, exactly. Raises InvalidError, field `amount`."""
    if not isinstance(currency, str) or len(currency) != 3:
        raise InvalidError("currency", N_("A currency is written as three letters, such as USD."))
    try:
        scaled = Decimal(str(value)).scaleb(exponent(currency.upper()))
        whole = scaled == scaled.to_integral_value() and 0 <= scaled <= 10**_DIGITS
    except (ArithmeticError, ValueError):
        whole = False
    if not whole:
        raise InvalidError(
            "amount", N_("This amount can't be read."), remedy=N_("Write it with a point, such as 39.90.")
        )
    return int(scaled)
