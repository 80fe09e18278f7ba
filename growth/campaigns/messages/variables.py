"""What a message may say of its recipient: the closed list of variables, and how one stands in a message."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from growth.campaigns.messages.refusals import Refusal
from growth.locales import N_


@dataclass(frozen=True)
class Variable:
    """One thing that is known of a recipient."""

    label: str
    sample: Any
    """As read, before it is written in a language; by language where it is in words."""
    read: str
    """The group it is read with, one query each: name, person, seller, order, basket; empty for none."""
    optional: bool = True
    """Whether somebody may have none."""
    items: bool = False
    """Whether it is a list of products, which only a grid can show."""


_TITLES = {"en": "Canvas bag", "ru": "Холщовая сумка", "pt_BR": "Bolsa de lona", "zh_CN": "帆布包"}
_CUPS = {
    "en": "Tea cups, set of six",
    "ru": "Чайные чашки, шесть штук",
    "pt_BR": "Xícaras, jogo de seis",
    "zh_CN": "茶杯六件套",
}
_ITEMS = [
    {
        "title": _TITLES,
        "price_minor": 1290,
        "currency": "USD",
        "image": "mail/tote.png",
        "url": "https://shop.example/p/1",
        "quantity": 2,
    },
    {
        "title": _CUPS,
        "price_minor": 2450,
        "currency": "USD",
        "image": "mail/cups.png",
        "url": "https://shop.example/p/2",
        "quantity": 1,
    },
]

VARIABLES: Mapping[str, Variable] = {
    "name": Variable(N_("Name"), "Ana Souza", "name"),
    "first_name": Variable(N_("First name"), "Ana", "name"),
    "country": Variable(N_("Country"), "BR", "person"),
    "language": Variable(N_("Language"), None, "", optional=False),
    "member_since": Variable(N_("Known since, the year"), 2024, "person", optional=False),
    "organisation": Variable(
        N_("Organisation of a seller"),
        {"en": "Yiwu Lantern Trading", "zh_CN": "义乌灯笼贸易有限公司"},
        "seller",
    ),
    "province": Variable(N_("Province of a seller"), {"en": "Zhejiang", "zh_CN": "浙江"}, "seller"),
    "rep_name": Variable(N_("Sales rep of a seller"), {"en": "Li Wei", "zh_CN": "李伟"}, "seller"),
    "last_order.number": Variable(N_("Number of the last order"), "100482", "order"),
    "last_order.total": Variable(N_("Total of the last order"), [5030, "USD"], "order"),
    "last_order.day": Variable(N_("Day of the last order"), "2026-11-20", "order"),
    "last_order.items": Variable(N_("Products of the last order"), _ITEMS, "order", items=True),
    "basket.items": Variable(N_("Products in the basket"), _ITEMS, "basket", items=True),
    "basket.total": Variable(N_("Total of the basket"), [5030, "USD"], "basket"),
    "referral_link": Variable(N_("Their link for friends"), "https://shop.example/?ref=sample", "", optional=False),
}
"""By the name it has in messages."""

GROUPS = frozenset(key.partition(".")[0] for key in VARIABLES if "." in key)


def nearest(unknown: str, known: Iterable[str]) -> str:
    """The known name that an unknown one is probably meant to be; the unknown one itself where none is near."""
    return next(iter(get_close_matches(unknown, list(known), 1, 0.5)), unknown)


LONGEST_FALLBACK = 200

Register = Callable[[str, Any], str]
"""Gives the tag of a variable's place with a fallback."""


class Personal:
    """A variable in a message that is being put together: wherever it is written stands its place.

    Only that: what is in it differs from recipient to recipient, so no message can ask or change it.
    """

    __slots__ = ("_fallback", "_key", "_register")

    def __init__(self, key: str, register: Register, fallback: Any = None) -> None:
        self._key = key
        self._register = register
        self._fallback = fallback

    def __getitem__(self, field: str) -> "Personal":
        """A part, as `last_order.total`."""
        if f"{self._key}.{field}" not in VARIABLES:
            raise KeyError(field)
        return Personal(f"{self._key}.{field}", self._register)

    def __str__(self) -> str:
        """The place's tag."""
        if self._key in GROUPS:
            raise Refusal(N_("Say what of “%(what)s” is meant."), what=self._key)
        if VARIABLES[self._key].items:
            raise Refusal(N_("“%(what)s” is a list of products: put it into a product grid."), what=self._key)
        return self._register(self._key, self._fallback)

    __html__ = __str__

    def _refuse(self, *_: object) -> Any:
        raise Refusal(
            N_("“%(what)s” differs from person to person, so it can only be written, not asked or changed."),
            what=self._key,
        )

    __bool__ = __len__ = __iter__ = __contains__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __neg__ = _refuse
    __hash__ = None  # type: ignore[assignment]


def with_fallback(value: Any, text: Any) -> Any:
    """`{{ first_name | fallback(_("friend")) }}`: what is written for those of whom it isn't known."""
    if not isinstance(value, Personal):
        raise Refusal(N_("Only what is personal has a fallback."))
    if isinstance(text, Personal) or not text or "[[" in str(text):
        raise Refusal(N_("The fallback of “%(what)s” has to be a text of its own."), what=value._key)  # noqa: SLF001
    if isinstance(text, str) and len(text) > LONGEST_FALLBACK:
        raise Refusal(N_("The fallback of “%(what)s” is too long."), what=value._key)  # noqa: SLF001
    return Personal(value._key, value._register, text)  # noqa: SLF001 - hidden from messages, not from here
