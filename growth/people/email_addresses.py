"""E-mail addresses in their one written form: trimmed, NFC, lower case, the domain by IDNA."""

import re
import unicodedata

import idna

from growth.errors import InvalidError
from growth.locales import N_

LONGEST = 254
"""Octets of an address (RFC 5321, path of 256 less its brackets); 64 of them before the @."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")
_LOCAL = re.compile(r"[^\s@.,;:<>()\[\]\\\"]+(?:\.[^\s@.,;:<>()\[\]\\\"]+)*")
_USUAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# Copied along from web pages and spreadsheets, seen by nobody.
_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF])
# As Chinese and Japanese keyboards type them; widths are no difference (RFC 8265, section 3.3, width mapping rule).
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3002: ord("."), 0xFF61: ord("."), 0x3000: ord(" ")}


def normal_email(text: str) -> str:
    """The address as it is looked up; the same for every way of writing it. Raises InvalidError."""
    address = text.strip().lower()
    local, at, domain = address.rpartition("@")
    if len(address) <= LONGEST and len(local) <= 64 and _USUAL.fullmatch(local) and _DOMAIN.fullmatch(domain):
        return address
    if len(text) > 4 * LONGEST:
        raise _too_long()
    address = unicodedata.normalize("NFC", text.translate(_INVISIBLE | _WIDE)).strip().lower()
    address = unicodedata.normalize("NFC", address)
    local, at, domain = address.rpartition("@")
    if not at:
        raise InvalidError("email", N_("There is no @ in it."), remedy=N_("Write it like name@example.com."))
    _check_local(local)
    domain = _ascii_domain(domain)
    if len(local.encode()) > 64 or len(local.encode()) + 1 + len(domain) > LONGEST:
        raise _too_long()
    return f"{local}@{domain}"


def _check_local(local: str) -> None:
    # A letter that is only another's picture, such as a bold one, would be another address that looks the same.
    if not _LOCAL.fullmatch(local) or not local.isprintable() or unicodedata.normalize("NFKC", local) != local:
        raise InvalidError(
            "email",
            N_("The part before the @ can't be right."),
            remedy=N_("Look for a space, a comma, a second @ or a dot too many."),
        )
    scripts = set() if local.isascii() else {unicodedata.name(letter, "").partition(" ")[0] for letter in local}
    if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
        raise InvalidError(
            "email",
            N_("The part before the @ mixes alphabets, such as a Cyrillic а among Latin letters."),
            remedy=N_("Type it again in one alphabet."),
        )


def _ascii_domain(domain: str) -> str:
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            domain = ""
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        raise InvalidError(
            "email",
            N_("The part after the @ is no domain."),
            remedy=N_("It should look like example.com."),
        )
    return domain


def _too_long() -> InvalidError:
    return InvalidError(
        "email",
        N_("It is longer than an e-mail address can be."),
        remedy=N_("An address has at most 254 characters, 64 of them before the @."),
    )
