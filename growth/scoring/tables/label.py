"""The column that says how it ended: finding it, and telling which of its values is the good end."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from growth.errors import InvalidError
from growth.locales import N_
from growth.scoring.tables.cells import read_numbers
from growth.scoring.tables.reading import RawColumn, Table

_YES = re.compile(
    r"1|y|yes|t|true|won|win|closed[ _-]won|positive|success|successful|converted|conversion|bought|purchased|"
    r"subscribed|accepted|good|churned|default|да|истина|верно|выигран|выиграна|sim|verdadeiro|ganho|ganha|convertido|"
    r"是|是的|真|有|对|成交|已成交|成功|赢单|s[ií]|oui|ja|vrai|wahr"
)
_NO = re.compile(
    r"0|-1|n|no|f|false|lost|closed[ _-]lost|loss|negative|failure|failed|unconverted|unsubscribed|rejected|bad|open|"
    r"нет|ложь|неверно|проигран|проиграна|n[ãa]o|falso|perdid[oa]|否|不是|假|无|错|失败|输单|nein|faux|falsch|"
    r"(not|non|no|не|não)[ _-].*|[未不没非].*"
)
_NAMES = re.compile(
    r"label|target|class|y|outcome|result|response|responded|converted|conversion|is[ _]?converted|won|is[ _]?won|"
    r"deal|success|successful|purchased?|bought|subscribed|deposit|churn(ed)?|exited|default(ed)?|closed[ _]?won|"
    r"status|visit(ed)?|clicked?|closed|win|signed[ _]?up|итог|результат|куплено|выиграно|resultado|convertido|"
    r"结果|标签|(是否)?成交|(是否)?转化",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Label:
    """How each kept row ended.

    Args:
        name: the column.
        positive: its value that counts as the good end, as written.
        won: one flag for each row in `rows`.
        rows: places in the file of the rows that have a label.
        guessed: whether the column was found rather than named.
    """

    name: str
    positive: str
    won: NDArray[np.bool_]
    rows: NDArray[np.intp]
    guessed: bool


def find_column(table: Table, name: str, option: str) -> RawColumn:
    """The column of this name, capitals aside. Raises InvalidError with the closest names."""
    for column in table.columns:
        if column.name == name:
            return column
    folded = {column.name.casefold().strip(): column for column in table.columns}
    if name.casefold().strip() in folded:
        return folded[name.casefold().strip()]
    names = [column.name for column in table.columns]
    close = get_close_matches(name, names, 3, 0.5) or names[:20]
    raise InvalidError(
        option,
        N_("The file has no column %(name)s."),
        remedy=N_("Did you mean one of these: %(close)s?"),
        name=name,
        close=", ".join(close),
    )


def find_label(table: Table, name: str | None, positive: str | None) -> Label:
    """The label, by name or guessed. Raises InvalidError when it doesn't have two ends."""
    column = find_column(table, name, "label") if name is not None else _guess(table)
    ends = _ends(column)
    counts = _counts(column, ends)
    if positive is None and len(counts) == 1:
        won = _only_end(column, next(iter(counts)))
    else:
        won = _two_ends(column, counts, positive)
    kept = np.flatnonzero(column.codes >= 0)
    if len(counts) == 1 and positive is None:
        # Won or left blank: a blank is the other end.
        kept = np.arange(table.rows)
    written = [value for value in column.values if _same(value) == won]
    flags = np.array([_same(value) == won for value in column.values] + [False], np.bool_)[column.codes]
    return Label(column.name, written[0], flags[kept], kept, name is None)


def _same(value: str) -> str:
    """One spelling for values that mean the same: capitals, and 1 beside 1.0."""
    number = read_numbers([value])[0]
    return f"{number:g}" if not np.isnan(number) else value.casefold()


def _ends(column: RawColumn) -> list[str]:
    return [_same(value) for value in column.values[:1000]]


def _counts(column: RawColumn, ends: list[str]) -> dict[str, int]:
    found = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    counts: dict[str, int] = {}
    for end, number in zip(ends, found.tolist(), strict=False):
        counts[end] = counts.get(end, 0) + number
    return {end: number for end, number in counts.items() if number}


def _guess(table: Table) -> RawColumn:
    """The best column with two ends: called like a label, then with values like yes and no, then the last."""
    found: list[tuple[bool, bool, int]] = []
    for place, column in enumerate(table.columns):
        if not 0 < len(column.values) <= 12 or (column.codes < 0).mean() > 0.5:
            continue
        ends = set(_ends(column))
        if len(ends) == 2:
            found.append((bool(_NAMES.fullmatch(column.name.strip())), _any(_YES, ends) and _any(_NO, ends), place))
    if not found:
        raise InvalidError(
            "label",
            N_("No column has exactly two values, such as yes and no, so there is no label to learn."),
            remedy=N_("Name one with --label, and the value that counts as won with --positive."),
        )
    return table.columns[max(found)[2]]


def _any(words: re.Pattern[str], ends: set[str]) -> bool:
    return any(words.fullmatch(end) for end in ends)


def _only_end(column: RawColumn, end: str) -> str:
    if _YES.fullmatch(end) and (column.codes < 0).any():
        return end
    raise InvalidError(
        "label",
        N_("Every row of %(label)s says %(value)s, so there is nothing to tell apart."),
        remedy=N_("Give a file in which some leads were won and some were not."),
        label=column.name,
        value=column.values[0],
    )


def _two_ends(column: RawColumn, counts: dict[str, int], positive: str | None) -> str:
    if not counts:
        raise InvalidError(
            "label",
            N_("The column %(label)s is empty."),
            remedy=N_("Name another with --label."),
            label=column.name,
        )
    if positive is not None:
        return _named(column, counts, positive)
    if len(counts) > 2:
        raise InvalidError(
            "label",
            N_("The column %(label)s has %(count)d values, and only two can be told apart: %(values)s."),
            remedy=N_("Say with --positive which value counts as won; all others count as not won."),
            label=column.name,
            count=len(set(map(_same, column.values))),
            values=", ".join(column.values[:5]) + (" …" if len(column.values) > 5 else ""),
        )
    return _better(counts)


def _named(column: RawColumn, counts: dict[str, int], positive: str) -> str:
    wanted = _same(" ".join(positive.split()))
    all_ends = {_same(value) for value in column.values}
    if wanted not in all_ends:
        raise InvalidError(
            "positive",
            N_("No row of %(label)s says %(value)s."),
            remedy=N_("It has these values: %(values)s."),
            label=column.name,
            value=positive,
            values=", ".join(column.values[:10]),
        )
    if len(all_ends) == 1:
        return _only_end(column, next(iter(counts)))
    return wanted


def _better(counts: dict[str, int]) -> str:
    """The end that counts as won: the larger number, else by its word, else by the other's, else the rarer."""
    first, second = counts
    numbers = read_numbers([first, second])
    if not np.isnan(numbers).any():
        return first if numbers[0] > numbers[1] else second
    for one, other in ((first, second), (second, first)):
        if _YES.fullmatch(one) and not _YES.fullmatch(other):
            return one
    for one, other in ((first, second), (second, first)):
        if _NO.fullmatch(other) and not _NO.fullmatch(one):
            return one
    return min(counts, key=lambda end: counts[end])
