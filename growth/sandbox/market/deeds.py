"""What recipients do with a message: fetch its picture, follow a link, order, ask for no more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from growth.errors import TransientError
from growth.events.links import TOKEN_PARAMETER
from growth.locales import N_
from growth.sandbox.dice import Dice
from growth.sandbox.mailbox.message import Message
from growth.sandbox.market.replies import Step, What, nation_of, order_of
from growth.sandbox.product import Heard, Product

_HREF = re.compile(r"<a\s[^>]*?href=[\"']([^\"']+)[\"']", re.IGNORECASE)
_PICTURE = re.compile(r"<img\s[^>]*?src=[\"']([^\"']+)[\"']", re.IGNORECASE)
_BRACKETED = re.compile(r"<([^>]+)>")


@dataclass(frozen=True)
class Recipients:
    """Everybody with a mailbox. What they do reaches the product alone, whatever other links a message has."""

    product: Product
    dice: Dice

    async def do(self, message: Message, step: Step) -> None:
        """Raises TransientError when the product doesn't answer, or answers that it can't now."""
        match step.what:
            case What.SEES:
                for path in _ours(_PICTURE.findall(message.html), "/o/"):
                    _check(await self.product.get(path))
            case What.FOLLOWS:
                await self._follow(message)
            case What.ORDERS:
                number, cents = order_of(message, self.dice)
                sold = {"order": number, "amount_minor": cents, "currency": "USD"}
                _check(await self.product.tell([self._event(message, "order", sold)]))
            case What.LEAVES:
                await self._leave(message)

    async def _follow(self, message: Message) -> None:
        """Follow the first personal link, and have the page it leads to tell who came."""
        path = first_link(message)
        if path is None:
            return
        heard = _check(await self.product.get(path))
        if heard.status // 100 == 3:
            url, token = landed(heard.headers.get("location", ""))
            seen = self._event(message, "page_view", {"url": url}) | ({"token": token} if token else {})
            _check(await self.product.tell([seen]))

    async def _leave(self, message: Message) -> None:
        """As mail programs do for their button, by the message's own headers."""
        header = next((value for name, value in message.headers.items() if name.lower() == "list-unsubscribe"), "")
        for path in _ours(_BRACKETED.findall(header), "/p/unsubscribe"):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            _check(await self.product.post(path, b"List-Unsubscribe=One-Click", form))

    def _event(self, message: Message, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Without a moment: told twice, the product keeps the one at which it heard it first."""
        return {
            "id": str(self.dice.uuid(kind, message.id, message.number)),
            "kind": kind,
            "visitor": str(self.dice.uuid("visitor", message.recipient)),
            "side": "buyer",
            "country": nation_of(message, self.dice).country,
            "properties": properties,
        }


def landed(address: str) -> tuple[str, str | None]:
    """The page a click led to and the token of who came; our sites take it out of the address at once."""
    parts = urlsplit(address)
    query = parse_qsl(parts.query)
    rest = [(name, value) for name, value in query if name != TOKEN_PARAMETER]
    return parts._replace(query=urlencode(rest)).geturl(), dict(query).get(TOKEN_PARAMETER)


def first_link(message: Message) -> str | None:
    """Path of the first personal link of a message, if it has one."""
    return next(_ours(_HREF.findall(message.html), "/c/"), None)


def _ours(addresses: list[str], path: str) -> Iterator[str]:
    """Path and query of those that lead to the product's `path`, whatever the public name it is known by."""
    for address in addresses:
        try:
            found = urlsplit(unescape(address))
        except ValueError:
            continue
        if found.scheme in ("http", "https") and found.path.startswith(path) and address.isascii():
            yield found.path + (f"?{found.query}" if found.query else "")


def _check(heard: Heard) -> Heard:
    """What the product refuses for good is over for the recipient too; what it can't do now is tried again."""
    if heard.status == 429 or heard.status >= 500:
        raise TransientError(N_("The product can't do this now."))
    return heard
