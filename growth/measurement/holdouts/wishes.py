"""What somebody wants of a hold-out, checked field by field."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from growth.attribution.channels import CHANNELS, SIDES
from growth.errors import InvalidError
from growth.experiments.holdouts.choosing import LENGTHS
from growth.locales import N_
from growth.measurement.holdouts.panels import OUTCOMES

KINDS = ("regions", "people")
SETTLE_DAYS = 7
_LONGEST_NAME = 100
_LATEST = timedelta(days=366)
_SHARES = range(5, 51)


@dataclass(frozen=True)
class Wanted:
    """A hold-out as it was asked for."""

    name: str
    kind: str
    side: str
    channel: str
    outcome: str
    starts_on: date
    weeks: int
    percent: int
    """At most this share of all that comes is where it rests; of people, the share for whom it does."""
    settle_days: int = SETTLE_DAYS
    regions: tuple[str, ...] = ()
    """Just these, instead of those that are chosen."""

    @property
    def counted_from(self) -> date:
        """The first day that counts."""
        return self.starts_on + timedelta(days=self.settle_days)

    @property
    def ends_on(self) -> date:
        """The last day it rests."""
        return self.counted_from + timedelta(weeks=self.weeks, days=-1)


def checked(given: Mapping[str, str], today: date) -> Wanted:
    """From the texts of a form or a command. Raises InvalidError, with the field."""
    side = _one_of(given, "side", SIDES, N_("The side is buyer or seller."))
    channels = [channel.key for channel in CHANNELS[side]]
    channel = _one_of(given, "channel", channels, N_("There is no such channel on this side."))
    if channel == "email":
        raise InvalidError(
            "channel",
            N_("E-mail has its own hold-outs, campaign by campaign."),
            remedy=N_("Set a share to hold out in the campaign."),
        )
    name = given.get("name", "").strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidError("name", N_("Give it a name of at most %(most)s letters."), most=_LONGEST_NAME)
    regions = tuple(sorted({one.upper() for one in re.split(r"[\s,;]+", given.get("regions", "")) if one}))
    if any(not (len(one) == 2 and one.isascii() and one.isalpha()) for one in regions):
        raise InvalidError("regions", N_("Name countries by two letters, such as BR, MX."))
    return Wanted(
        name=name,
        kind=_one_of(given, "kind", KINDS, N_("Choose regions or people.")),
        side=side,
        channel=channel,
        outcome=_one_of(given, "outcome", OUTCOMES, N_("Choose what is counted.")),
        starts_on=_day(given.get("starts_on", ""), today),
        weeks=_number(given, "weeks", LENGTHS, N_("Choose 2, 3, 4, 6, 8 or 12 weeks.")),
        percent=_number(given, "percent", _SHARES, N_("Give a share from 5 to 50 percent.")),
        settle_days=_number(given, "settle_days", range(29), N_("Leave out 0 to 28 days.")),
        regions=regions,
    )


def _one_of(given: Mapping[str, str], field: str, known: Collection[str], words: str) -> str:
    if given.get(field) not in known:
        raise InvalidError(field, words)
    return given[field]


def _number(given: Mapping[str, str], field: str, allowed: Collection[int], words: str) -> int:
    text = given.get(field, "").strip()
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) not in allowed:
        raise InvalidError(field, words)
    return int(text)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidError("starts_on", N_("Give a day, such as 2026-12-01.")) from None
    if not today <= day <= today + _LATEST:
        raise InvalidError("starts_on", N_("It begins today or later, within a year."))
    return day
