"""Two versions of a message side by side: what was taken out, and what was put in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from growth.campaigns.messages.sources import FILES, Source
from growth.locales import LOCALES

_AROUND = 2
"""Lines shown before and after a change."""
_MOST_LINES = 3_000


@dataclass(frozen=True)
class Line:
    """One line of the comparison; a number is None on the side that doesn't have it."""

    before: int | None
    after: int | None
    text: str

    @property
    def sign(self) -> str:
        """`−` for taken out, `+` for put in, nothing for the same."""
        return "+" if self.before is None else "−" if self.after is None else ""


@dataclass(frozen=True)
class Difference:
    """What differs in one file, in groups of lines that lie together."""

    file: str
    groups: tuple[tuple[Line, ...], ...]


def differences(before: Source, after: Source) -> list[Difference]:
    """By file, then by language of the translated sentences; files without a difference are left out."""
    found = [_difference(file, before.files.get(file, ""), after.files.get(file, "")) for file in FILES]
    found += [_difference(locale, _texts(before, locale), _texts(after, locale)) for locale in LOCALES[1:]]
    return [one for one in found if one.groups]


def _texts(source: Source, locale: str) -> str:
    return "\n".join(f"{sentence} → {text}" for sentence, text in sorted(source.texts.get(locale, {}).items()))


def _difference(file: str, before: str, after: str) -> Difference:
    old, new = before.splitlines(), after.splitlines()
    # Of a huge file the whole is shown as changed, since comparing may take as long as its lines squared.
    matched = SequenceMatcher(None, old, new) if max(len(old), len(new)) < _MOST_LINES and old != new else None
    whole = [[("replace", 0, len(old), 0, len(new))]] if old != new else []
    groups = matched.get_grouped_opcodes(_AROUND) if matched else whole
    return Difference(file, tuple(tuple(_lines(group, old, new)) for group in groups))


def _lines(group: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for kind, first, last, new_first, new_last in group:
        if kind == "equal":
            pairs = zip(range(first, last), range(new_first, new_last), strict=True)
            yield from (Line(one + 1, other + 1, old[one]) for one, other in pairs)
            continue
        yield from (Line(one + 1, None, old[one]) for one in range(first, last))
        yield from (Line(None, one + 1, new[one]) for one in range(new_first, new_last))
