"""Pictures: what is read where they aren't shown, and whether the text stays in its place until they are."""

from growth.campaigns.checks.finding import Check, Letter, about
from growth.campaigns.checks.reading import page_of
from growth.locales import N_

KEY = "images"
WELL = N_("Every picture says in words what it shows, and how large it is.")


def look(letter: Letter) -> list[Check]:
    """Pictures without words, without a size, or that a mail program can't fetch."""
    images = [image for image in page_of(letter.html).images if not is_pixel(image)]
    found = []
    for wrong, sentence, remedy in (
        (
            [image for image in images if "alt" not in image],
            N_("%(language)s: a picture doesn't say in words what it shows: %(picture)s."),
            N_("Write its alt text: many programs show no pictures."),
        ),
        (
            [image for image in images if not image.get("width", "").isdecimal()],
            N_("%(language)s: a picture doesn't say how wide it is: %(picture)s."),
            N_("Give it a width, so that nothing jumps and Outlook doesn't stretch it."),
        ),
        (
            [image for image in images if not image.get("src", "").startswith(("https://", "http://"))],
            N_("%(language)s: a picture isn't on the web, so most programs won't show it: %(picture)s."),
            N_("Put it on a public https address."),
        ),
    ):
        if wrong:
            picture = wrong[0].get("src", "")[-80:] or "?"
            found.append(about(letter, KEY, "warn", sentence, remedy, picture=picture))
    return found


def is_pixel(image: dict[str, str]) -> bool:
    """Whether it is the one that tells of an opening."""
    return image.get("width") == "1" and image.get("height") == "1"
