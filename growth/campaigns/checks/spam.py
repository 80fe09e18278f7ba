"""Content rules that spam filters score: our own set, as data, each with its points."""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from growth.campaigns.checks.finding import Check, Letter
from growth.campaigns.checks.images import is_pixel
from growth.campaigns.checks.reading import Page, page_of
from growth.locales import N_

KEY = "content"

_MOST_PHRASES = 5
_RE = re.compile(r"\s*(?:re|fwd?|aw|enc|res|отв|回复|转发)\s*[:：]", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#]\S*)?", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]+\]|\d{8,}")
_ACTIVE = frozenset({"form", "input", "script", "iframe", "object", "embed", "video", "audio", "applet"})

SENTENCES = {
    "subject_capitals": N_("%(language)s, %(points)s points: the subject is in capitals, “%(example)s”."),
    "capitals": N_("%(language)s, %(points)s points: many words are in capitals, “%(example)s”."),
    "subject_marks": N_("%(language)s, %(points)s points: the subject has several loud marks, “%(example)s”."),
    "marks": N_("%(language)s, %(points)s points: there are many exclamation marks, “%(example)s”."),
    "mostly_pictures": N_("%(language)s, %(points)s points: it is mostly pictures."),
    "shorteners": N_("%(language)s, %(points)s points: a link goes through a shortener, %(example)s."),
    "disguised": N_("%(language)s, %(points)s points: a link reads like another site than it leads to, %(example)s."),
    "bare_number": N_("%(language)s, %(points)s points: a link leads to a number instead of a name, %(example)s."),
    "active": N_("%(language)s, %(points)s points: it holds what most programs take out, %(example)s."),
    "tiny": N_("%(language)s, %(points)s points: there is text too small to read, “%(example)s”."),
    "many_links": N_("%(language)s, %(points)s points: it leads to very many places."),
    "fake_answer": N_("%(language)s, %(points)s points: the subject pretends to be an answer, “%(example)s”."),
    "money": N_("%(language)s, %(points)s points: it is full of signs of money, “%(example)s”."),
    "phrases": N_("%(language)s, %(points)s points: it uses phrases of spam, “%(example)s”."),
}


@dataclass(frozen=True)
class Hit:
    """A rule that a message breaks."""

    rule: str
    points: float
    example: str
    """What was found, in the message's own words."""


@dataclass(frozen=True)
class Score:
    """Sum and parts."""

    letter: Letter
    hits: list[Hit]

    @property
    def points(self) -> float:
        """Of all hits."""
        return round(sum(hit.points for hit in self.hits), 1)


@lru_cache
def rules() -> dict[str, Any]:
    """The data beside this file."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def look(letters: list[Letter]) -> Iterator[Check]:
    """The highest score among the texts, and each rule it breaks."""
    if not letters:
        return
    worst = max(map(score, letters), key=lambda one: one.points)
    limit = rules()["threshold"]
    values = {"points": worst.points, "limit": limit, "language": worst.letter.language}
    tone, at = ("warn" if worst.points >= limit else "info"), ("message", worst.letter.locale)
    if worst.points < limit:
        yield Check(KEY, "good", N_("Content rules give %(points)s of the %(limit)s points of spam."), values=values)
    else:
        sentence = N_("%(language)s: content rules give %(points)s points; spam begins at %(limit)s.")
        yield Check(KEY, tone, sentence, N_("Rewrite what is named below."), values, *at)
    for hit in worst.hits:
        told = {"language": worst.letter.language, "points": hit.points, "example": hit.example}
        yield Check(KEY, tone, SENTENCES[hit.rule], None, told, *at)


def score(letter: Letter) -> Score:
    """What the rules say of one text, the heaviest first."""
    page = page_of(letter.html)
    hits = []
    for rule, measured in _MEASURES.items():
        asked = rules()["rules"][rule]
        amount, example = measured(letter, page)
        if amount > asked["above"]:
            times = min(amount, _MOST_PHRASES) if rule == "phrases" else 1
            hits.append(Hit(rule, round(asked["points"] * times, 1), example[:60]))
    return Score(letter, sorted(hits, key=lambda hit: -hit.points))


Measure = Callable[[Letter, Page], tuple[float, str]]
"""How much of it there is, and an example."""


def _subject_capitals(letter: Letter, _page: Page) -> tuple[float, str]:
    letters = [one for one in letter.subject if one.isalpha() and one.lower() != one.upper()]
    share = sum(one.isupper() for one in letters) / len(letters) if len(letters) >= 8 else 0
    return share, letter.subject


def _capitals(_letter: Letter, page: Page) -> tuple[float, str]:
    words = [word for word in re.findall(r"[^\W\d_]+", page.words) if len(word) > 3]
    loud = [word for word in words if word.isupper()]
    return (len(loud) / len(words) if words else 0), " ".join(loud[:5])


def _subject_marks(letter: Letter, _page: Page) -> tuple[float, str]:
    return len(re.findall(r"[!?！？]", letter.subject)), letter.subject


def _marks(_letter: Letter, page: Page) -> tuple[float, str]:
    found = re.findall(r"\S*\s?\S*[!！]+", page.words)
    return sum(one.count("!") + one.count("！") for one in found), next(iter(found), "")


def _mostly_pictures(_letter: Letter, page: Page) -> tuple[float, str]:
    area = sum(_area(image) for image in page.images if not is_pixel(image))
    # A character of Chinese says as much as three letters.
    read = sum(3 if ord(one) >= 0x2E80 else 1 for one in page.words if one.isalnum())
    return area / max(read, 1), ""


def _area(image: dict[str, str]) -> int:
    width, height = _whole(image.get("width")), _whole(image.get("height"))
    return width * (height or width * 3 // 4)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _hosts(letter: Letter) -> list[str]:
    return [(urlsplit(one).hostname or "").lower() for one in letter.destinations]


def _shorteners(letter: Letter, _page: Page) -> tuple[float, str]:
    found = [host for host in _hosts(letter) if host.removeprefix("www.") in rules()["hosts"]["shorteners"]]
    return len(found), next(iter(found), "")


def _disguised(_letter: Letter, page: Page) -> tuple[float, str]:
    found = []
    for link in page.links:
        said = _HOST.fullmatch(link.words.strip())
        leads = (urlsplit(link.address).hostname or "").lower()
        if said and leads and not _same_site(said[1].lower(), leads):
            found.append(f"{link.words} → {leads}")
    return len(found), next(iter(found), "")


def _same_site(one: str, other: str) -> bool:
    shorter, longer = sorted((one.removeprefix("www."), other.removeprefix("www.")), key=len)
    return longer == shorter or longer.endswith(f".{shorter}")


def _bare_number(letter: Letter, _page: Page) -> tuple[float, str]:
    found = [host for host in _hosts(letter) if _NUMBER.fullmatch(host) and not host.startswith("127.")]
    return len(found), next(iter(found), "")


def _active(_letter: Letter, page: Page) -> tuple[float, str]:
    found = sorted(page.tags & _ACTIVE)
    return len(found), ", ".join(found)


def _tiny(_letter: Letter, page: Page) -> tuple[float, str]:
    found = [run.words for run in page.runs if run.pixels < 9]
    return len(found), next(iter(found), "")


def _many_links(letter: Letter, _page: Page) -> tuple[float, str]:
    return len(set(letter.destinations)), ""


def _fake_answer(letter: Letter, _page: Page) -> tuple[float, str]:
    return float(bool(_RE.match(letter.subject))), letter.subject


def _money(letter: Letter, page: Page) -> tuple[float, str]:
    found = re.findall(r"[$€£¥₽]{2,}", letter.subject + page.words)
    return sum(map(len, found)) * 6, next(iter(found), "")


def _phrases(letter: Letter, page: Page) -> tuple[float, str]:
    read = " ".join(f"{letter.subject} {letter.preheader} {page.words}".lower().split())
    found = [phrase for phrase in rules()["phrases"].get(letter.locale, []) if _stands(phrase, read)]
    return len(found), ", ".join(found)


def _stands(phrase: str, read: str) -> bool:
    if ord(phrase[-1]) >= 0x2E80:
        return phrase in read
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", read) is not None


_MEASURES: dict[str, Measure] = {
    "subject_capitals": _subject_capitals,
    "capitals": _capitals,
    "subject_marks": _subject_marks,
    "marks": _marks,
    "mostly_pictures": _mostly_pictures,
    "shorteners": _shorteners,
    "disguised": _disguised,
    "bare_number": _bare_number,
    "active": _active,
    "tiny": _tiny,
    "many_links": _many_links,
    "fake_answer": _fake_answer,
    "money": _money,
    "phrases": _phrases,
}
