"""What a channel is kept from: regions where it is off, people who are held out, more or less money. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from growth.attribution.channels import CHANNELS, SIDES
from growth.errors import InvalidError
from growth.locales import N_


@dataclass(frozen=True, slots=True)
class Off:
    """A channel that is switched off: in some countries or, with none named, in all; from a day to another."""

    channel: str
    countries: frozenset[str] = frozenset()
    first: date = date.min
    last: date = date.max

    def covers(self, country: str, day: date) -> bool:
        """Whether nobody is reached there on that day."""
        return self.first <= day <= self.last and (not self.countries or country in self.countries)

    def __str__(self) -> str:
        """As `read_off` reads it."""
        first = "" if self.first == date.min else self.first.isoformat()
        last = "" if self.last == date.max else self.last.isoformat()
        return f"{self.channel}:{','.join(sorted(self.countries))}:{first}..{last}"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A share of the people whom a channel never reaches, drawn by a hash of their numbers."""

    channel: str
    percent: int
    key: str = ""

    def covers(self, number: int) -> bool:
        """Whether this person is among them."""
        digest = sha256(f"{self.key or self.channel}:{number}".encode()).digest()
        return int.from_bytes(digest[:3]) % 100 < self.percent

    def __str__(self) -> str:
        """As `read_held_out` reads it."""
        return f"{self.channel}:{self.percent}"


@dataclass(frozen=True, slots=True)
class Switches:
    """All that keeps channels from people; the market itself knows what would have happened without."""

    off: tuple[Off, ...] = ()
    held_out: tuple[HeldOut, ...] = ()
    money: Mapping[str, float] = field(default_factory=dict)
    """By which what a channel spends is multiplied."""

    def without(self, channel: str) -> "Switches":
        """The same world without a channel: what it causes is what is missing then."""
        return Switches((*self.off, Off(channel)), self.held_out, self.money)

    def reaches(self, channel: str, country: str, day: date, number: int) -> bool:
        """Whether the channel may reach somebody."""
        return not (
            any(one.channel == channel and one.covers(country, day) for one in self.off)
            or any(one.channel == channel and one.covers(number) for one in self.held_out)
        )

    def spends(self, channel: str, country: str, day: date) -> bool:
        """Whether money goes there."""
        return not any(one.channel == channel and one.covers(country, day) for one in self.off)


EVERYTHING_ON = Switches()


def read_off(text: str) -> Off:
    """An `Off` written as `paid_search`, `paid_search:RU,KZ` or `paid_search:RU,KZ:2026-08-01..2026-08-28`.

    Raises InvalidError.
    """
    channel, _, rest = text.partition(":")
    countries, _, days = rest.partition(":")
    first, _, last = days.partition("..")
    try:
        found = Off(
            _known(channel),
            frozenset(one.strip().upper() for one in countries.split(",") if one.strip() not in {"", "*"}),
            date.fromisoformat(first) if first else date.min,
            date.fromisoformat(last) if last else date.max,
        )
    except ValueError:
        raise _unreadable(text) from None
    if found.first > found.last:
        raise _unreadable(text)
    return found


def read_held_out(text: str) -> HeldOut:
    """A `HeldOut` written as `email:10`. Raises InvalidError."""
    channel, _, percent = text.partition(":")
    if not percent.isascii() or not percent.isdecimal() or not 0 < int(percent[:4]) < 100:
        raise _unreadable(text)
    return HeldOut(_known(channel), int(percent))


def _known(channel: str) -> str:
    known = [one.key for side in SIDES for one in CHANNELS[side]]
    if channel not in known:
        raise InvalidError(
            "channel", N_("There is no such channel."), remedy=N_("It is one of %(known)s."), known=", ".join(known)
        )
    return channel


def _unreadable(text: str) -> InvalidError:
    return InvalidError(
        "off",
        N_("“%(text)s” can't be read."),
        remedy=N_("Write it like paid_search:RU,KZ:2026-08-01..2026-08-28, or like email:10 for a share of people."),
        text=text[:80],
    )
