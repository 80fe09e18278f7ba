"""Has the visitors of the market come: tells the product what happened since the last time, every few seconds.

Where a hold-out of the product has a channel rest, nobody comes by it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from growth.clock import Clock
from growth.errors import TransientError
from growth.sandbox.dice import Dice
from growth.sandbox.market.switches import Off
from growth.sandbox.market.visitors import Visitors
from growth.sandbox.product import Product

_EVERY = 5.0  # seconds
_FURTHEST_BACK = timedelta(minutes=10)
"""After a longer sleep nobody came in the meantime."""
_AT_ONCE = 500
_LOG = logging.getLogger("growth.sandbox")


@dataclass
class Traffic:
    """Remembers in `file` when it began and until when the product was told; told twice, it keeps each event once."""

    file: Path
    dice: Dice
    product: Product
    clock: Clock
    resting: Callable[[], tuple[Off, ...]] = tuple
    """What rests by now; asked each time, in another thread."""
    _visitors: Visitors | None = field(default=None, init=False)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.catch_up()
            except (TransientError, DBAPIError):
                _LOG.debug("The product doesn't answer; visitors are told later")
            await asyncio.sleep(_EVERY)

    async def catch_up(self) -> None:
        """Tell what happened until now. Raises TransientError when the product takes it later."""
        now = self.clock.now()
        told_until, begun = self._remembered()
        if self._visitors is None:
            self._visitors = Visitors(self.dice, begun or now.date())
        self._visitors.rest(await asyncio.to_thread(self.resting))
        events = list(self._visitors.happening(begins(told_until, now), now))
        for start in range(0, len(events), _AT_ONCE):
            heard = await self.product.tell(events[start : start + _AT_ONCE])
            if heard.status == 429 or heard.status >= 500:
                return
        self._remember(now)

    def _remembered(self) -> tuple[datetime | None, date | None]:
        """Until when it told, and the day it began; None for what isn't known."""
        try:
            told_until, _, begun = self.file.read_text().partition("\n")
            return datetime.fromisoformat(told_until), date.fromisoformat(begun)
        except (OSError, ValueError):
            return None, None

    def _remember(self, now: datetime) -> None:
        assert self._visitors is not None
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{now.isoformat()}\n{self._visitors.begun.isoformat()}")
        fresh.replace(self.file)


def begins(told_until: datetime | None, now: datetime) -> datetime:
    """From when on to tell: from the last time, but not from long ago; after a step back of the clock from now."""
    if told_until is None:
        return now
    return min(now, max(told_until, now - _FURTHEST_BACK))
