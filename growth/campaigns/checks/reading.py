"""A message's HTML as its reader's program sees it: links, pictures, and each run of text with its colours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

import css_inline

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_SILENT = frozenset({"head", "title", "style", "script", "template"})
_HIDDEN = re.compile(r"display\s*:\s*none|max-height\s*:\s*0|(?<!-)opacity\s*:\s*0(?![.\d]*[1-9])")
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{")
_INVISIBLE = 1.0
"""Pixels of text that nobody reads."""

_NAMED = {"black": "#000000", "white": "#ffffff", "red": "#ff0000", "gray": "#808080", "grey": "#808080"}


@dataclass(frozen=True)
class Run:
    """Some text in one colour."""

    words: str
    colour: str
    ground: str
    """Colour behind it; empty when a picture is, or nobody says."""
    large: bool
    """24 px, or 18.66 px and bold (WCAG 2.2, 1.4.3)."""
    pixels: float = 16.0


@dataclass(frozen=True)
class Link:
    """A link and what it reads."""

    address: str
    words: str


@dataclass
class Page:
    """What was found."""

    links: list[Link] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    """Attributes, by name."""
    runs: list[Run] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        """All that is read."""
        return " ".join(run.words for run in self.runs)


@lru_cache(32)
def page_of(html: str, *, dark: bool = False) -> Page:
    """The page, in light or in dark; kept a while, since each family of checks reads it. Not to be changed."""
    reader = _Reader()
    reader.feed(css_inline.inline(_darkened(html) if dark else html, load_remote_stylesheets=False))
    reader.close()
    return reader.page


def _darkened(html: str) -> str:
    """With the rules for dark screens in force."""
    while found := _DARK.search(html):
        end = _closing(html, found.end())
        html = html[: found.start()] + html[found.end() : end] + html[end + 1 :]
    return html


def _closing(css: str, start: int) -> int:
    depth = 1
    for position in range(start, len(css)):
        depth += {"{": 1, "}": -1}.get(css[position], 0)
        if depth == 0:
            return position
    return len(css)


@dataclass(frozen=True)
class _Style:
    colour: str = "#000000"
    ground: str = "#ffffff"
    pixels: float = 16.0
    bold: bool = False
    hidden: bool = False


class _Reader(HTMLParser):
    """Walks through the elements with what they inherit."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._open: list[tuple[str, _Style]] = [("", _Style())]
        self._link: list[str] | None = None
        self._address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.page.tags.add(tag)
        if tag == "img":
            self.page.images.append(given)
            if self._link is not None:
                self._link.append(given.get("alt", ""))
        if tag in _VOID:
            return
        if tag == "a" and given.get("href"):
            self._link, self._address = [], given["href"]
        self._open.append((tag, _styled(tag, given, self._open[-1][1])))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self.page.links.append(Link(self._address, " ".join("".join(self._link).split())))
            self._link = None
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth][0] == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        if self._link is not None:
            self._link.append(data)
        style, words = self._open[-1][1], " ".join(data.split())
        if words and not style.hidden and style.pixels > _INVISIBLE:
            large = style.pixels >= 24 or (style.bold and style.pixels >= 18.66)
            self.page.runs.append(Run(words, style.colour, style.ground, large, style.pixels))


def _styled(tag: str, given: dict[str, str], above: _Style) -> _Style:
    rules = dict(_rules(given.get("style", "")))
    ground = _colour(rules.get("background-color", "")) or _ground(rules.get("background", ""), given)
    size = re.match(r"([\d.]+)px", rules.get("font-size", ""))
    weight = rules.get("font-weight", "bold" if tag in {"b", "strong", "h1", "h2", "h3", "th"} else "")
    pictured = "url(" in rules.get("background", "") + rules.get("background-image", "") or "background" in given
    return _Style(
        colour=_colour(rules.get("color", "")) or above.colour,
        ground="" if pictured else ground or above.ground,
        pixels=float(size[1]) if size else above.pixels,
        bold=weight == "bold" or (weight.isdecimal() and int(weight) >= 600) if weight else above.bold,
        hidden=above.hidden or tag in _SILENT or bool(_HIDDEN.search(given.get("style", ""))),
    )


def _rules(style: str) -> Iterator[tuple[str, str]]:
    for rule in style.split(";"):
        name, _, value = rule.partition(":")
        if value:
            yield name.strip().lower(), value.replace("!important", "").strip().lower()


def _ground(background: str, given: dict[str, str]) -> str:
    words = [_colour(word) for word in background.split()]
    return next(filter(None, words), "") or _colour(given.get("bgcolor", "").lower())


def _colour(text: str) -> str:
    """`#rrggbb`, or empty for what we don't read: other spellings, transparent."""
    text = _NAMED.get(text, text)
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(letter * 2 for letter in text[1:])
    return text if re.fullmatch(r"#[0-9a-f]{6}", text) else _from_numbers(text)


def _from_numbers(text: str) -> str:
    found = re.fullmatch(r"rgb\((\d{1,3})[, ]+(\d{1,3})[, ]+(\d{1,3})\)", text)
    return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups()) if found else ""
