"""All findings about a campaign's message, made from what its readers would get."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import ModuleType

from sqlalchemy.orm import Session

from growth.campaigns.checks import (
    contrast,
    domain,
    footing,
    images,
    links,
    marks,
    probing,
    sizes,
    spam,
    subjects,
    texts,
    variables,
)
from growth.campaigns.checks.finding import Check, Letter
from growth.campaigns.email.catalogue import Compiled
from growth.campaigns.messages.words import MOST_BYTES
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import Wording, as_sample
from growth.database.workspace import workspace
from growth.settings import settings

FAMILIES: Sequence[ModuleType] = (links, texts, images, subjects, sizes, contrast, footing)
"""Each looks at one text at a time, and says what is wrong with it."""


def checks_of(session: Session, campaign: Campaign, _now: datetime) -> list[Check]:
    """What is found about the message, at once: without asking anybody outside, or everybody in the audience."""
    place, made = workspace(session), variables.open_messages(session, campaign)
    return [
        *variables.look([one for _, one in made]),
        *of_letters([letter_of(one, as_sample(session, wording, one), wording) for wording, one in made]),
        footing.judge_header(settings().public_url, demo=bool(place and place.demo)),
    ]


def slow_checks_of(session: Session, campaign: Campaign, now: datetime) -> list[Check]:
    """What takes its time: everybody in the audience, the pages that links lead to, the sender's domain."""
    place, letters = workspace(session), [made for _, made in variables.open_messages(session, campaign)]
    destinations = [link for made in letters for link in made.links]
    found = [
        *marks.look(session, campaign, letters, now),
        *variables.look_at_all(session, campaign, now),
        *(probing.look(destinations, now) if destinations else ()),
    ]
    if place is not None and not place.demo and "@" in place.sender_email:
        found += domain.look(place.sender_email.rpartition("@")[2], now)
    return found


def of_letters(letters: Sequence[Letter]) -> Iterator[Check]:
    """What each family finds, or that it finds nothing."""
    if not letters:
        return
    for family in FAMILIES:
        wrong = [one for letter in letters for one in family.look(letter)]
        yield from wrong or [Check(family.KEY, "good", family.WELL, values={"count": len(letters)})]
    yield from spam.look(list(letters))


def letter_of(made: Compiled, shown: Compiled, wording: Wording) -> Letter:
    """A compiled message, open and filled in, as the checks read it."""
    grids = {spec["of"]: MOST_BYTES for spec in made.places.values() if "grid" in spec and spec["html"]}
    return Letter(
        locale=made.locale,
        subject=shown.subject,
        preheader=shown.preheader,
        html=shown.html,
        text=shown.text,
        source=made.html,
        source_text=made.text,
        destinations=tuple(made.links),
        personal=grids,
        arm=wording.arm,
    )
