"""The text part: what is read by programs and people that want no HTML, and what spam filters compare."""

from growth.campaigns.checks.finding import Check, Letter, about
from growth.campaigns.checks.reading import page_of
from growth.locales import N_

KEY = "text"
WELL = N_("The text part says what the message says.")

THIN = 0.4
"""Letters of the text part beside those of the HTML, below which it counts as thin."""


def look(letter: Letter) -> list[Check]:
    """A text part that is missing, thin, or full of HTML."""
    said, read = _letters(page_of(letter.html).words), _letters(letter.text)
    remedy = N_("Write in body.txt what the message says.")
    if not read:
        return [about(letter, KEY, "bad", N_("%(language)s: the text part is missing."), remedy)]
    if read < THIN * said:
        sentence = N_("%(language)s: the text part has only %(share)s %% of the words that the message has.")
        return [about(letter, KEY, "warn", sentence, remedy, share=round(100 * read / said))]
    if "</" in letter.text:
        return [about(letter, KEY, "warn", N_("%(language)s: there is HTML in the text part."), remedy)]
    return []


def _letters(text: str) -> int:
    return sum(letter.isalnum() for letter in text)
