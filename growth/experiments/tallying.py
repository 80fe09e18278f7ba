"""Adding up the rows of an experiment's file by group, in one pass and little memory, and naming those left out."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from growth.errors import InvalidError
from growth.experiments.cells import Cell, read_cell
from growth.experiments.means import Spread
from growth.experiments.proportions import Share
from growth.experiments.rows import Row, printed
from growth.locales import N_

MOST_GROUPS = 100
MOST_SEGMENTS = 200
_NAMED = 20
"""Rows of each trouble that are named by line; the others are counted."""
_STRAY = 0.01
"""So few numbers beside 0 and 1 are slips of the pen, not a sign that the outcome is an amount."""

WRONG_WIDTH = N_("it has more or fewer cells than the header")
NO_GROUP = N_("its group is empty")
NO_OUTCOME = N_("its outcome is empty")
UNREADABLE = N_("its outcome can't be read")
NOT_YES_OR_NO = N_("its outcome is neither yes nor no")
NO_NUMBER = N_("its outcome is no number")
NO_VALUE = N_("its value is empty or no number")


@dataclass
class Trouble:
    """Rows that something is wrong with."""

    rows: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """One more; the first are remembered."""
        self.rows += 1
        if len(self.lines) < _NAMED:
            self.lines.append(line)


@dataclass
class Tally:
    """What is known of a group, or of one in a segment."""

    flagged: int = 0
    did: int = 0
    numbers: Spread = field(default_factory=Spread)
    values: Spread = field(default_factory=Spread)

    @property
    def share(self) -> Share:
        """Of those whose outcome is yes or no."""
        return Share(self.flagged, self.did)

    def add(self, outcome: Cell, value: float | None) -> None:
        """One more row."""
        if outcome.flag is not None:
            self.flagged += 1
            self.did += outcome.flag
        if outcome.number is not None:
            self.numbers.add(outcome.number)
        if value is not None:
            self.values.add(value)


@dataclass
class Tallied:
    """A whole file: groups, segments and groups in them, and rows by what is wrong with them."""

    groups: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    segments: dict[str, dict[str, Tally]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Tally)))
    troubles: dict[str, Trouble] = field(default_factory=lambda: defaultdict(Trouble))
    words: Trouble = field(default_factory=Trouble)
    """Rows whose outcome is yes or no in words."""
    amounts: Trouble = field(default_factory=Trouble)
    """Rows whose outcome is a number other than 0 and 1."""
    rows: int = 0

    @property
    def binary(self) -> bool:
        """Whether the outcome is yes or no rather than an amount."""
        yes = sum(group.did for group in self.groups.values())
        flagged = sum(group.flagged for group in self.groups.values())
        return flagged > 0 and self.amounts.rows <= _STRAY * yes

    def left_out(self) -> dict[str, Trouble]:
        """All troubles by their words, once it is known what the outcome is."""
        stray, why = (self.amounts, NOT_YES_OR_NO) if self.binary else (self.words, NO_NUMBER)
        return dict(self.troubles) | ({why: stray} if stray.rows else {})


def tally(rows: Iterable[Row], *, valued: bool, segmented: bool) -> Tallied:
    """Add up rows of (group, outcome[, value][, segment]). Raises InvalidError where there are absurdly many groups."""
    found = Tallied()
    for row in rows:
        found.rows += 1
        if row.cells is None:
            found.troubles[WRONG_WIDTH].add(row.line)
            continue
        group, outcome = printed(row.cells[0]), read_cell(row.cells[1])
        if trouble := _trouble(group, outcome):
            found.troubles[trouble].add(row.line)
            continue
        _sort(found, row.line, outcome)
        value = read_cell(row.cells[2]).number if valued else None
        if valued and value is None:
            found.troubles[NO_VALUE].add(row.line)
        found.groups[group].add(outcome, value)
        if segmented:
            found.segments[printed(row.cells[-1])][group].add(outcome, value)
        _check_few(found)
    return found


def _trouble(group: str, outcome: Cell) -> str | None:
    if not group:
        return NO_GROUP
    if outcome.missing:
        return NO_OUTCOME
    return UNREADABLE if outcome.flag is None and outcome.number is None else None


def _sort(found: Tallied, line: int, outcome: Cell) -> None:
    if outcome.number is None:
        found.words.add(line)
    elif outcome.flag is None:
        found.amounts.add(line)


def _check_few(found: Tallied) -> None:
    if len(found.groups) > MOST_GROUPS:
        raise InvalidError(
            "group",
            N_("The column has more than %(most)d different groups, so it is hardly the one that says the group."),
            remedy=N_("Name the column that says which version each person got."),
            most=MOST_GROUPS,
        )
    if len(found.segments) > MOST_SEGMENTS:
        raise InvalidError(
            "segment",
            N_("The column has more than %(most)d different segments."),
            remedy=N_("Name a column with fewer, such as country or language."),
            most=MOST_SEGMENTS,
        )
