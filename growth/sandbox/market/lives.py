"""What becomes of a shopper when some channels are on and others off: visits, a registration, orders, refunds. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from growth.sandbox.dice import Dice
from growth.sandbox.market import sources as true
from growth.sandbox.market.shoppers import Contact, Shopper
from growth.sandbox.market.sources import BUYER_SOURCES
from growth.sandbox.market.switches import EVERYTHING_ON, Switches

_READS_NEWSLETTER = 0.45
"""Share of those who asked for it that come by it before they register."""

_READ_WITHIN = 6.0
"""Hours before and after a week since the registration; the letter goes out at the beginning."""


@dataclass(slots=True)
class Order:
    """Money in US cents; `key` sets it apart from the same shopper's others."""

    key: str
    at: datetime
    cents: int
    refund: tuple[datetime, int] | None = None

    @property
    def kept(self) -> int:
        """US cents less what was given back."""
        return self.cents - (self.refund[1] if self.refund else 0)


@dataclass(slots=True)
class Life:
    """What happened to a shopper, or would happen; visits in the order of time."""

    shopper: Shopper
    visits: list[Contact]
    subscribed: datetime | None = None
    registered: datetime | None = None
    allowed: datetime | None = None
    """When they agreed to e-mails, by the newsletter or with their registration."""
    clicked: dict[int, datetime] = field(default_factory=dict)
    """When they clicked which week's letter."""
    orders: list[Order] = field(default_factory=list)

    @property
    def known(self) -> datetime | None:
        """When we first got to know who it is."""
        return self.subscribed or self.registered


def live(shopper: Shopper, dice: Dice, switches: Switches = EVERYTHING_ON) -> Life:
    """The whole life, also what lies in the future."""
    visits = list(shopper.contacts)
    if switches is not EVERYTHING_ON:
        visits = [one for one in visits if _reached(shopper, one[0], one[1], switches)]
    life = Life(shopper, visits)
    if visits and shopper.asks < true.SUBSCRIBES:
        _subscribe(life, dice, switches)
    met = {channel for _, channel in life.visits}
    if shopper.decides < inclination(met):
        _register(life, dice)
        life.orders = list(_orders(life, dice, met))
        if life.allowed is not None:
            _read_letters(life, dice, met, switches)
        life.orders = [_perhaps_given_back(one, shopper, dice) for one in life.orders]
    return life


def inclination(met: set[str]) -> float:
    """The share of those who met these channels that register; paid search makes a newsletter known."""
    others = 1 - true.ANYWAY
    for channel in met:
        convinces = BUYER_SOURCES[channel].convinces
        if channel == "email" and "paid_search" in met:
            convinces *= true.PAID_HELPS_LETTERS
        others *= 1 - convinces
    return 1 - others


def _reached(shopper: Shopper, moment: datetime, channel: str, switches: Switches) -> bool:
    return switches.reaches(channel, shopper.nation.country, moment.date(), shopper.number)


def _subscribe(life: Life, dice: Dice, switches: Switches) -> None:
    number = life.shopper.number
    life.subscribed = life.allowed = life.visits[0][0] + timedelta(seconds=dice.between(40, 120, "asks in", number))
    letter = life.subscribed + timedelta(days=dice.between(2, 9, "newsletter", number))
    reads = dice.happens(_READS_NEWSLETTER, "reads newsletter", number)
    if reads and _reached(life.shopper, letter, "email", switches):
        life.visits = sorted([*life.visits, (letter, "email")])


def _register(life: Life, dice: Dice) -> None:
    number = life.shopper.number
    if not life.visits:
        life.visits = [(life.shopper.alone, "direct")]
    life.registered = life.visits[-1][0] + timedelta(minutes=dice.between(2, 25, "registers in", number))
    if life.allowed is None and dice.happens(true.ALLOWS, "allows", number):
        life.allowed = life.registered


def _orders(life: Life, dice: Dice, met: set[str]) -> Iterator[Order]:
    """At occasions that come in any case; whether they are taken hangs on the channels that were met."""
    assert life.registered is not None
    number, moment, wait = life.shopper.number, life.registered, true.FIRST_ORDER_AFTER
    taken = dice.sixteen("takes", number)
    chance = true.FIRST_ORDER + sum(sorted(BUYER_SOURCES[channel].quality for channel in met))
    for place in range(true.OCCASIONS):
        moment += timedelta(seconds=dice.waiting(wait.total_seconds(), 60 * 86_400, "order after", number, place))
        if taken[place] >= (true.REPEAT_ORDER if place else chance):
            return
        yield Order(str(place + 1), moment, _basket(dice, number, place))
        wait = true.NEXT_ORDER_AFTER


def _read_letters(life: Life, dice: Dice, met: set[str], switches: Switches) -> None:
    """One a week; some are clicked, and after some of the clicks somebody orders who would not have otherwise."""
    assert life.registered is not None
    shopper = life.shopper
    clicks = true.LETTER_CLICKED * (true.PAID_HELPS_LETTERS if "paid_search" in met else 1.0)
    chances = (*dice.sixteen("letters", shopper.number), *dice.sixteen("more letters", shopper.number))
    for week, chance in enumerate(chances[: true.LETTERS_FOR], 1):
        if chance >= clicks:
            continue
        read = dice.between(-_READ_WITHIN + 0.1, _READ_WITHIN, "reads", shopper.number, week)
        moment = life.registered + timedelta(days=7 * week, hours=read)
        if not _reached(shopper, moment, "email", switches):
            continue
        life.visits.append((moment, "email"))
        life.clicked[week] = moment
        if dice.happens(true.ORDERS_AFTER_LETTER, "orders after letter", shopper.number, week):
            at = moment + timedelta(minutes=dice.between(3, 40, "orders in", shopper.number, week))
            life.orders.append(Order(f"L{week}", at, _basket(dice, shopper.number, "letter", week)))
    life.orders.sort(key=lambda one: one.at)


def letters(life: Life, switches: Switches) -> Iterator[tuple[int, datetime]]:
    """Weeks after the registration, and when that week's letter goes out: all that could be clicked."""
    if life.registered is not None and life.allowed is not None:
        for week in range(1, true.LETTERS_FOR + 1):
            at = life.registered + timedelta(days=7 * week, hours=-_READ_WITHIN)
            if _reached(life.shopper, at, "email", switches):
                yield week, at


def _basket(dice: Dice, *of: object) -> int:
    return round(dice.around(*true.BASKET, "basket", *of))


def _perhaps_given_back(order: Order, shopper: Shopper, dice: Dice) -> Order:
    of = ("refund", shopper.number, order.key)
    if dice.happens(true.REFUNDED, *of):
        share = 1.0 if dice.happens(0.7, "all", *of) else dice.between(0.2, 0.8, "part", *of)
        order.refund = (order.at + timedelta(days=dice.between(3, 15, "after", *of)), round(order.cents * share))
    return order
