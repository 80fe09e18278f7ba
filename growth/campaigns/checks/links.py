"""Links: that each leads somewhere, and passes by us on its way, so that a click is counted."""

import re
from urllib.parse import urlsplit

from growth.campaigns.checks.finding import Check, Letter, about
from growth.campaigns.checks.reading import page_of
from growth.locales import N_

KEY = "links"
WELL = N_("Every link is signed and leads to a web address.")

_PLACE = re.compile(r"\[\[\w+\]\]")
_RAW = re.compile(r"https?://[^\s<>\")\]]+")


def look(letter: Letter) -> list[Check]:
    """Links that lead nowhere, aren't counted, or say nothing of where they lead."""
    found = [_nowhere(letter, one) for one in letter.destinations if not leads_somewhere(one)]
    for link in page_of(letter.source).links:
        if not _PLACE.match(link.address):
            if urlsplit(link.address).scheme not in {"http", "https"}:
                found.append(_nowhere(letter, link.address))
            else:
                found.append(_uncounted(letter, link.address))
        elif not link.words:
            sentence = N_("%(language)s: a link has no words: %(link)s.")
            remedy = N_("Write where it leads, or the alt text of its picture.")
            found.append(about(letter, KEY, "warn", sentence, remedy, link=link.address))
    found += [_uncounted(letter, address) for address in _RAW.findall(letter.source_text)]
    if not letter.destinations:
        sentence = N_("%(language)s: the message has no link, so nobody can follow it.")
        found.append(about(letter, KEY, "warn", sentence, N_("Add a button.")))
    return found


def leads_somewhere(address: str) -> bool:
    """Whether an address names a host by its name on the web."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in address


def _nowhere(letter: Letter, address: str) -> Check:
    sentence = N_("%(language)s: a link leads nowhere: %(link)s.")
    return about(letter, KEY, "bad", sentence, N_("Give it an address that begins with https://."), link=address[:80])


def _uncounted(letter: Letter, address: str) -> Check:
    sentence = N_("%(language)s: a link isn't signed, so its clicks aren't counted: %(link)s.")
    return about(letter, KEY, "warn", sentence, N_("Put its address into link(…)."), link=address[:80])
