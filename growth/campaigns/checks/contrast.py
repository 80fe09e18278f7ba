"""Contrast: whether every text can be read, in light and in dark."""

from growth.campaigns.checks.finding import Check, Letter, about
from growth.campaigns.checks.reading import Run, page_of
from growth.locales import N_

KEY = "contrast"
WELL = N_("Every text can be read, on light and on dark screens.")

LEAST, LEAST_LARGE = 4.5, 3.0
"""WCAG 2.2, 1.4.3."""


def look(letter: Letter) -> list[Check]:
    """The worst text on a light and on a dark screen, where it is too faint."""
    found = []
    for dark, sentence in (
        (False, N_("%(language)s: “%(words)s” is hard to read on light screens (%(colour)s on %(ground)s).")),
        (True, N_("%(language)s: “%(words)s” is hard to read on dark screens (%(colour)s on %(ground)s).")),
    ):
        faint = [run for run in page_of(letter.html, dark=dark).runs if is_faint(run)]
        if faint:
            worst = min(faint, key=lambda run: contrast(run.colour, run.ground))
            values = {"words": worst.words[:40], "colour": worst.colour, "ground": worst.ground}
            remedy = N_("Choose a darker or a lighter colour: the contrast has to be 4.5 to 1.")
            found.append(about(letter, KEY, "warn", sentence, remedy, **values))
    return found


def is_faint(run: Run) -> bool:
    """Whether it has too little contrast; of what lies behind a picture nobody knows."""
    if not run.ground:
        return False
    return contrast(run.colour, run.ground) < (LEAST_LARGE if run.large else LEAST)


def contrast(one: str, other: str) -> float:
    """Between 1 and 21, of two colours as `#rrggbb` (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
