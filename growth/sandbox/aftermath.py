"""What follows from messages, in time: SendGrid tells its events, and recipients do what they do."""

import asyncio
import heapq
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec

from growth.clock import Clock
from growth.errors import TransientError
from growth.sandbox.dice import Dice
from growth.sandbox.keys import signature
from growth.sandbox.mailbox.message import Message
from growth.sandbox.mailbox.progress import Progress
from growth.sandbox.mailbox.store import Mailbox
from growth.sandbox.market.deeds import Recipients, first_link
from growth.sandbox.market.replies import Replies, Step
from growth.sandbox.product import Product
from growth.sandbox.sendgrid.events import as_told, payload

HOOK = "/hooks/sendgrid"
GIVES_UP_AFTER = timedelta(hours=24)
"""For how long SendGrid goes on telling an event that isn't taken, and people try a link."""

_AT_ONCE = 200
"""Messages looked at, and in memory, in one round: their events make one batch, far below SendGrid's 768 KB."""
_MOST_DONE = 20
_HANDS = 4
_SHORTEST_BREATH, _LONGEST_BREATH = 0.25, 10.0
"""Seconds between two rounds; doubled while the product doesn't listen."""
_LONGEST_PAUSE = timedelta(minutes=1)
_NO_ROOM = timedelta(seconds=1)
_LOG = logging.getLogger("growth.sandbox")


@dataclass(frozen=True, slots=True)
class _Due:
    message: Message
    place: int
    step: Step


@dataclass
class Aftermath:
    """Goes on where it was after any end of the process, from the mailbox and the marks of what is done."""

    mailbox: Mailbox
    progress: Progress
    replies: Replies
    product: Product
    key: ec.EllipticCurvePrivateKey
    clock: Clock
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """To be set when messages were accepted."""
    _queue: list[int] = field(default_factory=list)
    """Heap of due moment in milliseconds, then message number, in one integer each."""
    _planned: int = 0
    """Number of the last message that has been put into the queue at some time."""
    _breath: float = _SHORTEST_BREATH

    async def run(self) -> None:
        """Until cancelled."""
        self._planned = len(self.mailbox)
        self.progress.forget_after(self._planned)
        self._queue = list(self.progress.unfinished(self._planned))  # due since 1970, in order: a heap
        while True:
            self.woken.clear()
            await self.round()
            await self._wait()

    async def round(self) -> None:
        """Do what is due now, up to a bound."""
        self._take_up_new()
        lives = self._pop()
        due = [one for number, steps in lives.items() for one in self._due(number, steps)]
        oldest = self.clock.now() - GIVES_UP_AFTER
        fresh = [one for one in due if one.step.at > oldest]
        events = [one for one in fresh if not one.step.what.is_deed]
        deeds = [one for one in fresh if one.step.what.is_deed][:_MOST_DONE]
        settled: dict[int, list[int]] = {number: [] for number in lives}
        for one in (*await self._tell(events), *await self._do(deeds), *(one for one in due if one.step.at <= oldest)):
            settled[one.message.number].append(one.place)
        tried = {one.message.number for one in (*events, *deeds)}
        for number, steps in lives.items():
            self.progress.mark(number, settled[number], of=len(steps))
            self._put_back(number, steps, tried=number in tried)

    def _take_up_new(self) -> None:
        while self._planned < len(self.mailbox):
            self._planned += 1
            self._push(self._planned, self.clock.now())

    def _push(self, number: int, moment: datetime) -> None:
        heapq.heappush(self._queue, int(moment.timestamp() * 1000) << 32 | number)

    def _pop(self) -> dict[int, list[Step]]:
        """The lives of the next messages for which something is due; they are out of the queue until put back."""
        now = self.clock.now().timestamp() * 1000
        lives: dict[int, list[Step]] = {}
        while self._queue and self._queue[0] >> 32 <= now and len(lives) < _AT_ONCE:
            number = heapq.heappop(self._queue) & 0xFFFFFFFF
            lives[number] = self.replies.to(self.mailbox.read(number))
        return lives

    def _left(self, number: int, steps: Sequence[Step]) -> Iterator[tuple[int, Step]]:
        return ((place, step) for place, step in enumerate(steps) if not self.progress.is_done(number, place))

    def _due(self, number: int, steps: Sequence[Step]) -> Iterator[_Due]:
        now = self.clock.now()
        found = [(place, step) for place, step in self._left(number, steps) if step.due <= now]
        if found:
            message = self.mailbox.read(number)
            yield from (_Due(message, place, step) for place, step in found)

    def _put_back(self, number: int, steps: Sequence[Step], *, tried: bool) -> None:
        left = [step.due for _, step in self._left(number, steps)]
        if left:
            self._push(number, next_attempt(min(left), self.clock.now(), tried=tried))

    async def _tell(self, due: list[_Due]) -> list[_Due]:
        """Tell events in one signed batch; gives back those that are settled: all or none."""
        if not due:
            return []
        dice, ordered = Dice(self.replies.market.seed), sorted(due, key=lambda one: one.step.due)
        body = payload([as_told(one.message, one.step, dice, self._link(one.message)) for one in ordered])
        timestamp = str(int(self.clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "X-Twilio-Email-Event-Webhook-Signature": signature(self.key, timestamp, body),
        }
        try:
            heard = await self.product.post(HOOK, body, headers)
        except TransientError:
            heard = None
        if heard is not None and 200 <= heard.status < 300:
            self._breath = _SHORTEST_BREATH
            return due
        _LOG.debug("The event hook answered %s; %s events are told again later", heard and heard.status, len(due))
        self._breath = min(2 * self._breath, _LONGEST_BREATH)
        return []

    def _link(self, message: Message) -> str:
        return self.product.url + (first_link(message) or "/")

    async def _do(self, due: list[_Due]) -> list[_Due]:
        """Have recipients act, several at a time, each one thing after the other; gives back what is settled."""
        recipients = Recipients(self.product, Dice(self.replies.market.seed))
        few = asyncio.Semaphore(_HANDS)

        async def act(steps: list[_Due]) -> list[_Due]:
            settled: list[_Due] = []
            async with few:
                with suppress(TransientError):
                    for one in sorted(steps, key=lambda one: one.step.at):
                        await recipients.do(one.message, one.step)
                        settled.append(one)
            return settled

        by_number: dict[int, list[_Due]] = {}
        for one in due:
            by_number.setdefault(one.message.number, []).append(one)
        return [one for settled in await asyncio.gather(*map(act, by_number.values())) for one in settled]

    async def _wait(self) -> None:
        """Until something is due or a message comes, and long enough for events to gather."""
        await asyncio.sleep(self._breath)
        seconds = (self._queue[0] >> 32) / 1000 - self.clock.now().timestamp() if self._queue else None
        with suppress(TimeoutError):
            async with asyncio.timeout(None if seconds is None else max(seconds, 0)):
                await self.woken.wait()


def next_attempt(due: datetime, now: datetime, *, tried: bool) -> datetime:
    """When to come back to a step: at its time, soon when there was no room, or after a pause that grows."""
    if due > now:
        return due
    return now + (min(max((now - due) / 2, timedelta(seconds=1)), _LONGEST_PAUSE) if tried else _NO_ROOM)
