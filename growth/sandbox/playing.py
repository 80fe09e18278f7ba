"""Playing a market through the product's front doors: days pass in seconds, each thing happens at its own moment."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine

from growth.clock import Clock, FixedClock
from growth.database.engine import transaction
from growth.errors import RefusedError, TransientError
from growth.events.links import sign_click, sign_person
from growth.locales import N_
from growth.sandbox import demo
from growth.sandbox.aftermath import HOOK
from growth.sandbox.dice import Dice
from growth.sandbox.keys import public_key_of, signature
from growth.sandbox.letters import Letter, Outbox
from growth.sandbox.market import costs, seen, sellers
from growth.sandbox.market.lives import Life
from growth.sandbox.market.lives import letters as letters_of
from growth.sandbox.market.played import Played
from growth.sandbox.market.visitors import at
from growth.sandbox.past import known, leads
from growth.sandbox.past.people import bring, ids_of
from growth.sandbox.product import Heard, Product
from growth.sandbox.sendgrid.events import payload

_STEP = timedelta(days=1)
_AT_ONCE = 1_000
_LINES = 4
_HOOK_AT_ONCE = 500
_OPENED = 0.35
"""Share of the letters that are opened and not clicked."""
_JUST_NOW = timedelta(hours=1)


@dataclass
class Report:
    """What was played: how much went in, and how quickly."""

    people: int = 0
    events: int = 0
    hooks: int = 0
    clicks: int = 0
    seconds: float = 0.0
    """Of going in, without the invention of it."""

    @property
    def a_second(self) -> float:
        """Events, hook events and clicks a second."""
        return (self.events + self.hooks + self.clicks) / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        """In a line for the terminal."""
        return (
            f"{self.people} people, {self.events} events, {self.hooks} of messages and {self.clicks} clicks in "
            f"{self.seconds:.1f} s: {self.a_second:,.0f} a second."
        )


@dataclass
class Play:
    """One play: nothing but HTTP, letters that went out, and the files of people and costs goes in.

    The clock is the product's. One that stands still is moved along; a running product keeps its own, so a link that is
    followed counts now: of clicks longer ago than an hour the provider tells.
    """

    engine: Engine
    product: Product
    clock: Clock
    key: ec.EllipticCurvePrivateKey
    market: Played
    since: datetime | None = None
    """What happened until then was played before."""
    report: Report = field(default_factory=Report)

    def run(self, tell: Callable[[str], None] = lambda _: None) -> Report:
        """From the first day to the last moment.

        Raises TransientError when the product refuses or doesn't answer, RefusedError when it isn't the one whose
        database this is, or doesn't believe our signature.
        """
        asyncio.run(self._greet())
        dice, until = self.market.dice, self.market.until
        lives = [one for one in self.market.lives() if one.visits]
        firms = [one for one in self.market.sellers() if (one.contacted if one.reached else one.won or until) <= until]
        people = self._bring(lives, firms, dice)
        tokens = {number: sign_person(person, until) for number, person in people.items()}
        events = sorted(self._events(lives, firms, tokens, dice), key=lambda one: one[0])
        post = sorted(self._letters(lives, people), key=lambda one: one.at)
        if (since := self.since) is not None:
            events, post = [one for one in events if one[0] > since], [one for one in post if one.at > since]
        began = time.monotonic()
        asyncio.run(self._pass_days(events, post, tell))
        self.report.seconds = time.monotonic() - began
        self.report.people = len(people)
        return self.report

    def _bring(self, lives: Sequence[Life], firms: Sequence[sellers.Seller], dice: Dice) -> dict[int, int]:
        """Import everybody who becomes known, and the leads; gives the person of each number."""
        until = self.market.until
        found = {one.shopper.number: known.buyer(one, dice) for one in lives if one.known and one.known <= until}
        found |= {one.number: known.seller(one) for one in firms if one.reached}
        bring(self.engine, found.values(), f"market {self.market.seed}.csv", until)
        with transaction(self.engine) as session:
            ids = ids_of(session, [one.email for one in found.values()])
            contacted = [one.until(until) for one in firms if one.reached]
            leads.store(session, contacted, ids, reps=demo.reps(session), dice=dice, now=until)
        return {number: ids[one.email] for number, one in found.items() if one.email in ids}

    def _events(
        self, lives: Iterable[Life], firms: Iterable[sellers.Seller], tokens: dict[int, str], dice: Dice
    ) -> Iterator[tuple[datetime, seen.Seen]]:
        """What our sites tell; from the registration on they hand back the token of who it is."""
        yield from ((at(one), one) for one in self.market.bots())
        told = [
            (one.shopper.number, one.known, seen.seen(one, dice, until=self.market.until, looks_on=True))
            for one in lives
        ]
        told += [(one.number, one.contacted, sellers.seen(one, dice)) for one in firms]
        for number, since, events in told:
            token = tokens.get(number)
            for event in events:
                moment = at(event)
                if moment <= self.market.until:
                    known_by_then = token is not None and since is not None and moment >= since
                    yield moment, event | {"token": token} if known_by_then else event

    def _letters(self, lives: Iterable[Life], people: dict[int, int]) -> Iterator[Letter]:
        for life in lives:
            person = people.get(life.shopper.number)
            for week, sent in letters_of(life, self.market.switches) if person else ():
                if sent <= self.market.until:
                    yield Letter(sent, person or 0, life.shopper.nation.locale, life.clicked.get(week))

    async def _greet(self) -> None:
        """Before anything is kept, knock at both doors that ask for a key."""
        if (await self.product.tell([])).status == 403:
            raise RefusedError(
                N_("The product has another key than this command."),
                remedy=N_("Give the command the product's own GROWTH_HOME, and its GROWTH_DATABASE_URL if it has one."),
            )
        if (await self._signed([])).status == 403:
            raise RefusedError(
                N_("The product doesn't believe the sandbox's signature."),
                remedy=N_("Start it as a demo, or with GROWTH_SENDGRID_WEBHOOK_KEY=%(key)s."),
                key=public_key_of(self.key),
            )

    def _move_to(self, moment: datetime) -> None:
        if isinstance(self.clock, FixedClock):
            self.clock.moment = moment

    def _is_followed(self, clicked: datetime) -> bool:
        """Whether a link can be followed at that moment, or as good as then."""
        return isinstance(self.clock, FixedClock) or clicked > self.clock.now() - _JUST_NOW

    async def _pass_days(
        self, events: list[tuple[datetime, seen.Seen]], post: list[Letter], tell: Callable[[str], None]
    ) -> None:
        outbox = Outbox(self.market.seed)
        first = last = 0
        sent = delivered = 0
        moment = events[0][0] if events else self.market.until
        while first < len(events) or sent < len(post):
            moment = min(moment + _STEP, self.market.until)
            while last < len(events) and events[last][0] <= moment:
                last += 1
            while delivered < len(post) and post[delivered].at <= moment:
                delivered += 1
            await self._post(outbox, post[sent:delivered], moment)
            self._move_to(moment)
            await self._collect([event for _, event in events[first:last]])
            first, sent = last, delivered
            tell(f"{moment:%Y-%m-%d}: {self.report.events} events, {self.report.hooks} of messages")

    async def _collect(self, events: Sequence[seen.Seen]) -> None:
        few = asyncio.Semaphore(_LINES)

        async def told(batch: Sequence[seen.Seen]) -> None:
            async with few:
                _taken(await self.product.tell(batch))

        await asyncio.gather(*(told(events[start : start + _AT_ONCE]) for start in range(0, len(events), _AT_ONCE)))
        self.report.events += len(events)

    async def _post(self, outbox: Outbox, post: Sequence[Letter], moment: datetime) -> None:
        """Letters go out, the provider tells what became of them, and people click."""
        if not post:
            return
        with transaction(self.engine) as session:
            sent = outbox.send(session, post)
        told = [event for one in sent for event in self._told(one)]
        self._move_to(moment)
        for start in range(0, len(told), _HOOK_AT_ONCE):
            await self._hook(told[start : start + _HOOK_AT_ONCE])
        clicked = sorted((one for one in sent if one.clicked and one.clicked <= self.market.until), key=_clicked)
        self.report.clicks += len(clicked)
        for one in clicked:
            if self._is_followed(_clicked(one)):
                self._move_to(_clicked(one))
                _taken(await self.product.get(sign_click(one.delivery, 0)))

    def _told(self, one: Letter) -> Iterator[dict[str, Any]]:
        dice = Dice(self.market.seed)
        steps = {"processed": one.at, "delivered": one.at + timedelta(seconds=4)}
        if one.clicked is not None or dice.happens(_OPENED, "opened", one.delivery):
            opened = (one.clicked or one.at + timedelta(hours=3)) - timedelta(seconds=30)
            steps["open"] = max(opened, one.at + timedelta(seconds=9))
        if one.clicked is not None and not self._is_followed(one.clicked):
            steps["click"] = one.clicked
        for what, when in steps.items():
            if when <= self.market.until:
                name = f"{self.market.seed}-{one.delivery}-{what}"
                ours = {"delivery": str(one.delivery), "batch": str(one.batch)}
                told = {"event": what, "timestamp": int(when.timestamp()), "sg_event_id": name}
                told |= {"url": self.product.url + sign_click(one.delivery, 0)} if what == "click" else {}
                yield ours | told | {"sg_message_id": f"{self.market.seed}-{one.delivery}"}

    async def _hook(self, told: Sequence[dict[str, Any]]) -> None:
        _taken(await self._signed(told))
        self.report.hooks += len(told)

    async def _signed(self, told: Sequence[dict[str, Any]]) -> Heard:
        body, moment = payload(list(told)), str(int(self.clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Timestamp": moment,
            "X-Twilio-Email-Event-Webhook-Signature": signature(self.key, moment, body),
        }
        return await self.product.post(HOOK, body, headers)


def _clicked(one: Letter) -> datetime:
    assert one.clicked is not None
    return one.clicked


def spent(market: Played, lives: Iterable[Life]) -> list[costs.Spent]:
    """What it all cost."""
    days, dice = market.days, market.dice
    return [
        *costs.budgets(days, dice, market.people, market.switches),
        *costs.commissions(lives, market.until),
        *costs.for_sellers(days, dice, market.more, market.switches),
    ]


def _taken(heard: Heard) -> Heard:
    if not heard.is_well:
        raise TransientError(
            N_("The product refused what was played, with status %(status)s."),
            remedy=N_("Look into its log; the same play again adds only what is missing."),
            status=heard.status,
        )
    return heard
