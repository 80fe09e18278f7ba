"""Subject and preheader: what an inbox shows, and where a phone cuts it."""

from growth.campaigns.checks.finding import Check, Letter, about
from growth.locales import N_

KEY = "subject"
WELL = N_("Subject and preheader stand in full on small phones.")

WIDTH = 42.0
"""Of a subject on a phone 360 px wide, in average Latin letters; measured on the system fonts of Android and iOS."""

_WIDE, _CYRILLIC = 2.0, 1.15


def look(letter: Letter) -> list[Check]:
    """A subject that is cut; a preheader that is missing or says the same."""
    found = []
    shown = fits(letter.subject)
    if shown != letter.subject:
        sentence = N_("%(language)s: the subject is cut on small phones after “%(shown)s”.")
        remedy = N_("Shorten it, or put what matters first.")
        found.append(about(letter, KEY, "warn", sentence, remedy, shown=shown[-24:].strip()))
    if not letter.preheader:
        sentence = N_("%(language)s: the preheader is missing, so inboxes show the first words of the message.")
        remedy = N_("Write it into the second line of the subject.")
        found.append(about(letter, KEY, "warn", sentence, remedy))
    elif letter.preheader.casefold() == letter.subject.casefold():
        sentence = N_("%(language)s: the preheader says the same as the subject.")
        found.append(about(letter, KEY, "warn", sentence, N_("Say there what the subject doesn't.")))
    return found


def fits(subject: str, width: float = WIDTH) -> str:
    """As much of a subject as a small phone shows: whole words, or letters of a script without spaces."""
    used = 0.0
    for position, letter in enumerate(subject):
        used += letter_width(letter)
        if used > width:
            cut = subject[:position]
            whole = cut.rpartition(" ")[0] if letter != " " and ord(letter) < 0x2E80 else cut
            return (whole or cut).rstrip()
    return subject


def letter_width(letter: str) -> float:
    """In average Latin letters."""
    code = ord(letter)
    if 0x2E80 <= code <= 0xFFEF or code >= 0x1F000:
        return _WIDE
    return _CYRILLIC if 0x0400 <= code <= 0x04FF else 1.0
