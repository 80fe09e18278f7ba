"""What becomes of one message: delivered or not, opened, clicked, ordered from; the same from the same seed. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from growth.locales import LOCALES
from growth.sandbox.dice import Dice
from growth.sandbox.mailbox.message import Message, locale_of
from growth.sandbox.market import habits as true
from growth.sandbox.market.habits import Market
from growth.sandbox.market.sources import BASKET
from growth.sandbox.past.names import BUYERS, Nation


class What(StrEnum):
    """A step in the life of a message. The first are what SendGrid tells, named as it names them."""

    PROCESSED = "processed"
    DROPPED = "dropped"
    DEFERRED = "deferred"
    BOUNCE = "bounce"
    BLOCKED = "blocked"
    """A bounce for now only; SendGrid tells it as a bounce of this type."""
    DELIVERED = "delivered"
    OPEN = "open"
    CLICK = "click"
    SPAMREPORT = "spamreport"
    GROUP_UNSUBSCRIBE = "group_unsubscribe"

    SEES = "sees"
    """The recipient's mail program fetches the message's picture."""
    FOLLOWS = "follows"
    """The recipient follows a link of ours and looks at the page."""
    ORDERS = "orders"
    LEAVES = "leaves"
    """The recipient's mail program asks for no more messages (RFC 8058)."""

    @property
    def is_deed(self) -> bool:
        """Whether a person does it, rather than SendGrid telling it."""
        return self in (What.SEES, What.FOLLOWS, What.ORDERS, What.LEAVES)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when it happens, and when it is told or done."""

    what: What
    at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Replies:
    """What becomes of messages in one market. `wrote_before` tells whether an earlier message went to the address."""

    market: Market
    wrote_before: Callable[[Message], bool]

    def to(self, message: Message) -> list[Step]:
        """All steps, in an order that never changes; at most 24."""
        told = list(self._life(message))
        again = [
            Step(step.what, step.at, step.due + self._wait(message, true.TOLD_AFTER, "again", step.what))
            for step in told
            if not step.what.is_deed
            if self._happens(message, self.market.habits.repeated_events, "told twice", step.what)
        ]
        return told + again

    def _life(self, message: Message) -> Iterator[Step]:
        habits = self.market.habits
        dead = self._dice.happens(habits.dead_addresses, "dead", message.recipient)
        at = message.send_at
        if dead and self.wrote_before(message):
            yield self._told(message, What.DROPPED, at)
            return
        yield self._told(message, What.PROCESSED, at)
        if self._happens(message, habits.deferrals, "deferred"):
            at += self._wait(message, true.DELIVERED_AFTER, "deferred")
            yield self._told(message, What.DEFERRED, at)
            at += self._wait(message, true.DEFERRED_FOR, "second attempt")
        at += self._wait(message, true.DELIVERED_AFTER, "arrives")
        if dead:
            yield self._told(message, What.BOUNCE, at)
        elif self._happens(message, habits.soft_bounces, "soft"):
            yield self._told(message, What.BLOCKED, at)
        else:
            yield self._told(message, What.DELIVERED, at)
            yield from self._reads(message, at)

    def _reads(self, message: Message, at: datetime) -> Iterator[Step]:
        habits, nation = self.market.habits, nation_of(message, self._dice)
        eager = habits.eagerness(nation.locale, at.astimezone(_zone(nation.zone)).hour)
        if not self._happens(message, habits.opens * eager, "opens"):
            return
        at += self._wait(message, true.OPENED_AFTER, "opens after")
        yield Step(What.SEES, at, at)
        if message.tracks_opens:
            yield self._told(message, What.OPEN, at)
        if self._dice.happens(habits.complainers, "complains", message.recipient):
            yield self._told(message, What.SPAMREPORT, at + self._wait(message, true.CLICKED_AFTER, "complains after"))
        elif self._happens(message, habits.unsubscribes, "leaves"):
            left = at + self._wait(message, true.UNSUBSCRIBED_AFTER, "leaves after")
            if "list-unsubscribe" in {name.lower() for name in message.headers}:
                yield Step(What.LEAVES, left, left)
            elif message.group is not None:
                yield self._told(message, What.GROUP_UNSUBSCRIBE, left)
        elif self._happens(message, habits.clicks * eager, "clicks"):
            yield from self._clicks(message, at)

    def _clicks(self, message: Message, at: datetime) -> Iterator[Step]:
        at += self._wait(message, true.CLICKED_AFTER, "clicks after")
        yield Step(What.FOLLOWS, at, at)
        if message.tracks_clicks:
            yield self._told(message, What.CLICK, at)
        if self._happens(message, self.market.habits.orders, "orders"):
            at += self._wait(message, true.ORDERED_AFTER, "orders after")
            yield Step(What.ORDERS, at, at)

    @property
    def _dice(self) -> Dice:
        return Dice(self.market.seed)

    def _told(self, message: Message, what: What, at: datetime) -> Step:
        """Told a while later, and so often in another order than it happened."""
        return Step(what, at, at + self._wait(message, true.TOLD_AFTER, "told after", what))

    def _happens(self, message: Message, probability: float, *of: object) -> bool:
        # By what people can see of it: the same message to the same person always fares alike.
        return self._dice.happens(probability, message.recipient, message.subject, *of)

    def _wait(self, message: Message, mean: timedelta, *of: object) -> timedelta:
        seconds = mean.total_seconds() / self.market.pace
        return timedelta(
            seconds=self._dice.waiting(seconds, 4 * seconds, message.recipient, message.subject, "wait", *of)
        )


def nation_of(message: Message, dice: Dice) -> Nation:
    """Where the recipient lives: one of the nations that read the message's language."""
    locale = locale_of(message) or LOCALES[0]
    readers = {nation: share for nation, share in BUYERS.items() if nation.locale == locale}
    return dice.pick(readers, "nation", message.recipient)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def event_key(message: Message, step: Step, dice: Dice) -> bytes:
    """16 bytes that are the same however often the step is told, and of no other step."""
    return dice.uuid("event", message.id, message.number, step.what).bytes


def order_of(message: Message, dice: Dice) -> tuple[str, int]:
    """Number and US cents of the order after a message."""
    number = dice.uuid("order", message.id, message.number).hex[:10]
    return f"E{number}", round(dice.around(*BASKET, "basket", message.id, message.number))
