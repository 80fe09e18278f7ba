"""What an e-mail address itself tells: who takes it in, whether several people read it, and which mailbox it is."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from growth.keyring import Keyring
from growth.settings import settings

ROLE, DISPOSABLE = "role", "disposable"

_RECEIVERS = {
    "gmail": "gmail.com googlemail.com",
    "outlook": "outlook.com hotmail.com live.com msn.com passport.com windowslive.com",
    "yahoo": "yahoo.com ymail.com rocketmail.com aol.com myyahoo.com",
    "apple": "icloud.com me.com mac.com",
    "mail.ru": "mail.ru inbox.ru bk.ru list.ru internet.ru xmail.ru",
    "yandex": "yandex.ru ya.ru yandex.com yandex.by yandex.kz yandex.ua yandex.uz narod.ru",
    "rambler": "rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru",
    "qq": "qq.com foxmail.com vip.qq.com",
    "netease": "163.com 126.com yeah.net vip.163.com vip.126.com 188.com",
    "sina": "sina.com sina.cn vip.sina.com",
    "sohu": "sohu.com vip.sohu.com",
    "aliyun": "aliyun.com",
    "china-mobile": "139.com",
    "china-telecom": "189.cn",
    "tom": "tom.com",
    "uol": "uol.com.br bol.com.br",
    "terra": "terra.com.br",
    "globo": "globo.com globomail.com",
    "ig": "ig.com.br",
    "proton": "proton.me protonmail.com pm.me",
    "gmx": "gmx.com gmx.de gmx.net gmx.at gmx.ch web.de",
    "zoho": "zoho.com zohomail.com",
    "fastmail": "fastmail.com fastmail.fm",
    "naver": "naver.com",
    "comcast": "comcast.net",
}
_BY_DOMAIN = {domain: receiver for receiver, domains in _RECEIVERS.items() for domain in domains.split()}
_COUNTRYWISE = re.compile(r"(?P<name>yahoo|ymail|hotmail|outlook|live|msn)\.(?:com?\.)?[a-z]{2}")
"""Providers with a domain in many countries, such as yahoo.com.br and hotmail.fr."""

_TAGGED = {"gmail", "outlook", "apple", "mail.ru", "yandex", "proton", "fastmail", "zoho"}
"""Receivers that bring name+anything to name."""
_NUMBER = re.compile(r"[0-9]+$")

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Domain:
    """What the part after the @ tells."""

    receiver: str
    provider: bool
    """Whether anybody may have an address there."""
    disposable: bool
    tagged: bool


@cache
def role_names() -> frozenset[str]:
    """What people of four languages call addresses that several of them read, without dots, hyphens and numbers."""
    return frozenset((_HERE / "role_names.txt").read_text("ascii").split())


@cache
def disposable_domains() -> frozenset[str]:
    """Domains of addresses that are thrown away: the list in this folder, and the setting's own."""
    lines = (_HERE / "disposable_domains.txt").read_text("ascii").split()
    own = settings().disposable_domains.replace(",", " ").lower().split()
    return frozenset(lines) | frozenset(own)


@lru_cache(maxsize=20_000)
def _domain(name: str) -> Domain:
    receiver = _BY_DOMAIN.get(name)
    if receiver is None and (countrywise := _COUNTRYWISE.fullmatch(name)):
        receiver = "yahoo" if countrywise["name"] in {"yahoo", "ymail"} else "outlook"
    disposable = _listed(name, disposable_domains())
    return Domain(receiver or name, receiver is not None, disposable, receiver in _TAGGED)


def _listed(name: str, listed: frozenset[str]) -> bool:
    """Whether the domain or one it lies below is in the list."""
    parts = name.split(".")
    return any(".".join(parts[start:]) in listed for start in range(len(parts) - 1))


def receiver_of(email: str) -> str:
    """Who takes a normalised address in: a large provider's name (`gmail`, `mail.ru`), else its domain."""
    return _domain(email.rpartition("@")[2]).receiver


def trait_of(email: str) -> str | None:
    """`disposable`, `role` (info@, sales@: several people read it), or None for neither.

    At a provider where anybody may have an address, it is one person's, whatever it is called.
    """
    local, _, name = email.rpartition("@")
    domain = _domain(name)
    if domain.disposable:
        return DISPOSABLE
    if domain.provider:
        return None
    plain = local.partition("+")[0].replace(".", "").replace("-", "").replace("_", "")
    return ROLE if _NUMBER.sub("", plain) in role_names() else None


def mailbox_of(email: str) -> str:
    """The plain form of a normalised address: the same for all ways in which its provider lets one write it.

    Gmail ignores dots and what follows a plus (support.google.com, "Dots don't matter in Gmail addresses"), Yandex
    takes dots for hyphens and its domains for one another; some others bring name+anything to name.
    """
    local, _, name = email.rpartition("@")
    domain = _domain(name)
    if domain.tagged:
        local = local.partition("+")[0] or local
    if domain.receiver == "gmail":
        local, name = local.replace(".", ""), "gmail.com"
    elif domain.receiver == "yandex" and name != "narod.ru":
        local, name = local.replace(".", "-"), "yandex.ru"
    return f"{local}@{name}"


def address_columns(email: str, keys: Keyring) -> tuple[str, str | None, bytes | None]:
    """`receiver`, `trait` and `mailbox` of `identity`, of a normalised address."""
    plain = mailbox_of(email)
    return receiver_of(email), trait_of(email), keys.keyed_hash("email", plain) if plain != email else None
