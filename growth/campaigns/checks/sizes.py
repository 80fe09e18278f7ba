"""Size: whether a mail program shows the whole message, or cuts it off with the way out of the list."""

import re

from growth.campaigns.checks.finding import Check, Letter, about
from growth.locales import N_

KEY = "size"
WELL = N_("It is small enough for every mail program to show it in full.")

LIMIT = 102 * 1024
"""Bytes of HTML, beyond which Gmail cuts a message off."""

NEAR = 90 * 1024

_PARTS = {
    "styles": re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE),
    "pictures": re.compile(r"data:image/[^\"')]+"),
    "outlook": re.compile(r"<!--\[if.*?<!\[endif\]-->", re.DOTALL),
}
_REMEDIES = {
    "styles": N_("Leave something out: its styles alone take %(part)s KB."),
    "pictures": N_("Put its pictures on the web: written into it they take %(part)s KB."),
    "outlook": N_("Use fewer columns and buttons: what Outlook needs for them takes %(part)s KB."),
    "text": N_("Shorten it: its words take %(part)s KB."),
}
_PERSONAL = N_("Leave something out: “%(place)s” takes %(part)s KB for somebody.")


def look(letter: Letter) -> list[Check]:
    """Too large, or nearly."""
    size = size_of(letter)
    if size <= NEAR:
        return []
    place, part = largest(letter)
    values = {"size": round(size / 1024), "place": place, "part": round(part / 1024)}
    remedy = _REMEDIES.get(place, _PERSONAL)
    if size > LIMIT:
        sentence = N_("%(language)s: %(size)s KB are too much: Gmail cuts it off at 102 KB, and the way out with it.")
        return [about(letter, KEY, "bad", sentence, remedy, **values)]
    sentence = N_("%(language)s: %(size)s KB are close to the 102 KB at which Gmail cuts a message off.")
    return [about(letter, KEY, "warn", sentence, remedy, **values)]


def size_of(letter: Letter) -> int:
    """Bytes of the HTML as somebody like the sample gets it."""
    return len(letter.html.encode())


def largest(letter: Letter) -> tuple[str, int]:
    """What takes the most room, and its bytes: a kind of part, or a personal place."""
    parts = {name: sum(len(part.encode()) for part in found.findall(letter.html)) for name, found in _PARTS.items()}
    words = re.sub(r"<[^>]+>", "", re.sub(_PARTS["styles"], "", letter.html)).split()
    parts |= {"text": sum(len(word.encode()) for word in words), **letter.personal}
    return max(parts.items(), key=lambda part: part[1])
