"""What a message says of its recipient: whether everybody in the audience has it."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from growth.campaigns.checks.finding import Check
from growth.campaigns.email.catalogue import Compiled, locales_of
from growth.campaigns.messages.words import lacking, needed
from growth.campaigns.records import Campaign
from growth.campaigns.seeing import Wording, made_of, some_readers, wordings
from growth.errors import GrowthError
from growth.locales import LANGUAGE_NAMES, N_

KEY = "variables"
PATIENCE = 4.0
"""Seconds for looking at everybody."""

_AT_ONCE = 1_000


def look(made: Sequence[Compiled]) -> list[Check]:
    """Whether the message can do without all it says of its recipient."""
    asked = sorted({key for one in made for key in needed(one)})
    if not made:
        return []
    if not asked:
        return [Check(KEY, "good", N_("Everything it says of its recipient has a value or a fallback."))]
    return [
        Check(
            KEY,
            "info",
            N_("Who has no value for %(what)s gets nothing, since it has no fallback."),
            values={"what": ", ".join(f"“{key}”" for key in asked)},
            at="message",
        )
    ]


def look_at_all(session: Session, campaign: Campaign, now: datetime) -> Iterator[Check]:
    """Who in the audience lacks something, as far as `PATIENCE` lasts."""
    until = time.monotonic() + PATIENCE
    for _, made in open_messages(session, campaign):
        if needed(made):
            yield from _judged(made, *_counted(session, campaign, made, now, until))


def _counted(
    session: Session, campaign: Campaign, made: Compiled, now: datetime, until: float
) -> tuple[int, dict[str, list[int]], bool]:
    """How many people were looked at, by variable who lacks it, and whether that was everybody."""
    looked, after = 0, 0
    without: dict[str, list[int]] = {}
    while time.monotonic() < until:
        people = [one for one, _ in some_readers(session, campaign, made.locale, now, after=after, most=_AT_ONCE)]
        for person, key in lacking(session, made, people, now):
            without.setdefault(key, []).append(person)
        looked += len(people)
        if len(people) < _AT_ONCE:
            return looked, without, True
        after = people[-1]
    return looked, without, False


def _judged(made: Compiled, looked: int, without: dict[str, list[int]], whole: bool) -> Iterator[Check]:
    values = {"language": LANGUAGE_NAMES[made.locale], "count": looked}
    if not without and looked:
        sentence = (
            N_("%(language)s: every variable has a value for all %(count)s people.")
            if whole
            else N_("%(language)s: every variable has a value for the first %(count)s people.")
        )
        yield Check(KEY, "good", sentence, values=values)
    for key, people in Counter({key: len(people) for key, people in without.items()}).most_common():
        yield Check(
            KEY,
            "warn",
            N_("%(language)s: %(lacking)s of %(count)s people have no “%(what)s”, so they get nothing."),
            N_("Write a fallback for it, or choose an audience that has it."),
            values | {"lacking": people, "what": key},
            f"people/{without[key][0]}",
            made.locale,
        )


def open_messages(session: Session, campaign: Campaign) -> list[tuple[Wording, Compiled]]:
    """The message in each language and arm that can be made, its personal places open."""
    found = []
    try:
        locales = locales_of(session, campaign.message, campaign.message_version)
    except GrowthError:
        return []
    for locale in locales:
        for wording in wordings(session, campaign, locale):
            with suppress(GrowthError):
                found.append((wording, made_of(session, wording, locale)))
    return found
