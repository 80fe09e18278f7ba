"""A kept report as a file: CSV for spreadsheets, Parquet for programs; a row for each channel."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from growth.attribution.channels import labels
from growth.locales import N_, translate
from growth.measurement.figures import Figures
from growth.measurement.reports.figures_in_words import whole
from growth.measurement.reports.snapshot import Row, Snapshot
from growth.measurement.side_words import WORDS
from growth.money import Money
from growth.people.importing.rejected import safe_cell


def as_csv(snapshot: Snapshot, locale: str) -> str:
    """The table by channel as a spreadsheet opens it: amounts in major units, plain numbers, titles in a language."""
    side = WORDS[snapshot.side].in_words(locale)
    named = [translate(locale, one) for one in (N_("From"), N_("To"), N_("Channel"), N_("Currency"))]
    titles = [
        translate(locale, N_("Cost")), side.acquired, side.each, side.orders, translate(locale, N_("Value of orders")),
        translate(locale, N_("Return on spend")),
    ]  # fmt: skip
    before = translate(locale, N_("before"))
    caused = [translate(locale, one) for one in (N_("Truly caused"), N_("at least"), N_("at most"))]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(map(safe_cell, [*named, *titles, *(f"{title} ({before})" for title in titles), *caused]))
    for row in snapshot.rows:
        label = translate(locale, labels(snapshot.side).get(row.channel, row.channel))
        compared = _plain(row.before, snapshot.currency) if snapshot.before else [""] * len(titles)
        writer.writerow([
            snapshot.period.first, snapshot.period.last, safe_cell(label), snapshot.currency,
            *_plain(row.now, snapshot.currency), *compared,
            *_caused(row),
        ])  # fmt: skip
    return file.getvalue()


def _plain(figures: Figures, currency: str) -> list[str]:
    each, back = figures.cost_each, figures.back
    return [
        str(Money(figures.cost_minor, currency).amount),
        str(whole(figures.acquired)),
        "" if each is None else str(Money(round(each), currency).amount),
        str(whole(figures.orders)),
        str(Money(figures.value_minor, currency).amount),
        "" if back is None else str(round(back, 4)),
    ]


def _caused(row: Row) -> list[str]:
    one = row.caused
    return [f"{number:.1f}" for number in (one.value, one.low, one.high)] if one else [""] * 3


Kind = Literal["date", "text", "whole", "number"]


@dataclass(frozen=True)
class Column:
    """A column of the Parquet file."""

    name: str
    kind: Kind
    meaning: str
    of: Callable[[Snapshot, Row], Any]


def _figures() -> list[Column]:
    """Each figure of the period, then of the one before."""
    meanings = {
        "touches": "visits, clicks and contacts",
        "acquired": "millionths of registered buyers, or of opened shops",
        "orders": "millionths of first orders, or of first sales",
        "value_minor": "value of orders, in minor units of `currency`",
        "cost_minor": "cost, in minor units of `currency`",
        "ordered": "millionths of those acquired whose first order came within 60 days",
        "repeated": "millionths of the first orders that were followed by another within 60 days",
    }
    return [
        *(Column(name, "whole", words, lambda _, row, name=name: getattr(row.now, name))  # type: ignore[misc]
          for name, words in meanings.items()),
        *(Column(f"before_{name}", "whole", f"the same in the period it is compared with: {words}",
                 lambda one, row, name=name: getattr(row.before, name) if one.before else None)  # type: ignore[misc]
          for name, words in meanings.items()),
    ]  # fmt: skip


COLUMNS: Sequence[Column] = (
    Column("first", "date", "first day of the period", lambda one, _: one.period.first),
    Column("last", "date", "last day of the period", lambda one, _: one.period.last),
    Column("side", "text", "buyer or seller", lambda one, _: one.side),
    Column("country", "text", "two letters, empty where nobody knows; null for all", lambda one, _: one.country),
    Column("language", "text", "such as `pt_BR`, empty where nobody knows; null for all", lambda one, _: one.language),
    Column("channel", "text", "the channel's key", lambda _, row: row.channel),
    Column("currency", "text", "of the amounts, such as USD", lambda one, _: one.currency),
    Column("models", "text", "the models that gave the credit, newest first", lambda one, _: " ".join(
        credited.name for credited in one.models)),
    *_figures(),
    Column("caused", "number", "what the channel truly caused, where a hold-out tells",
           lambda _, row: row.caused and row.caused.value),
    Column("caused_low", "number", "its 90 % interval: at least", lambda _, row: row.caused and row.caused.low),
    Column("caused_high", "number", "at most", lambda _, row: row.caused and row.caused.high),
    Column("caused_outcome", "text", "what was caused: acquired, orders or order",
           lambda _, row: row.caused and row.caused.outcome),
)  # fmt: skip
"""The columns of the Parquet file, in order; `docs/reports.md` lists them."""

_EPOCH = date(1970, 1, 1)


def as_parquet(snapshot: Snapshot) -> bytes:
    """The table by channel for programs: amounts and counts as whole numbers, days as days."""
    from arro3.core import Array, DataType, Table  # noqa: PLC0415 - only who downloads such a file needs it
    from arro3.io import write_parquet  # noqa: PLC0415 - likewise

    kinds = {"text": DataType.string(), "whole": DataType.int64(), "number": DataType.float64()}
    made: dict[str, Any] = {}
    for column in COLUMNS:
        cells = [column.of(snapshot, row) for row in snapshot.rows]
        if column.kind == "date":
            days = Array([(day - _EPOCH).days for day in cells], DataType.int32())
            made[column.name] = days.cast(DataType.date32())
        else:
            made[column.name] = Array(cells, kinds[column.kind])
    file = io.BytesIO()
    write_parquet(Table.from_pydict(made), file)
    return file.getvalue()
