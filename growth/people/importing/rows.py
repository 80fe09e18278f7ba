"""Checking one row: from the cells of a file to what is stored, or to what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from growth.errors import InvalidError
from growth.keyring import Keyring, keyring
from growth.locales import N_
from growth.people.identity import EMAIL, NAME, PHONE, normalise_email, normalise_phone
from growth.people.importing import cells
from growth.people.importing.permissions import NOTHING_SAID, FilePermission, RowPermission, check_past, decide
from growth.people.permission.address_traits import address_columns

STAGED = {
    "row": "int4",
    "email": "bytea",
    "email_sealed": "bytea",
    "receiver": "text",
    "trait": "text",
    "mailbox": "bytea",
    "phone": "bytea",
    "phone_sealed": "bytea",
    "name_hash": "bytea",
    "name_sealed": "bytea",
    "locale": "text",
    "country": "text",
    "time_zone": "text",
    "granted": "bool",
    "basis": "text",
    "jurisdiction": "text",
    "source": "text",
    "wording": "text",
    "at": "timestamptz",
    "incomplete": "bool",
    "purpose": "text",
}
"""Columns of a checked row and their PostgreSQL types, in the order of `StagedRow`."""

_SAID = {
    "consent": 100,
    "basis": 100,
    "source": 2_000,
    "wording": 20_000,
    "at": 100,
    "jurisdiction": 400,
    "purpose": 400,
}
"""Fields that tell of permission, and how many characters a cell may have."""
_MOST_REMEMBERED = 1_000

StagedRow = tuple[object, ...]


@dataclass(frozen=True)
class RowRules:
    """What is the same for every row: where the fields stand, what is said of all, and the time."""

    positions: dict[str, int]
    width: int
    permission: FilePermission
    zone: str
    now: datetime


class RowChecker:
    """Checks rows of one file. Called with a row's number and cells."""

    def __init__(self, rules: RowRules, keys: Keyring | None = None) -> None:
        self._rules = rules
        self._keys = keys or keyring()
        self._asked = "consent" in rules.positions
        self._says = bool(set(rules.positions) & {"consent", "basis", "source", "wording", "at"})
        self._same: dict[tuple[object, ...], RowPermission] = {}

    def __call__(self, number: int, row: Sequence[str]) -> StagedRow:
        """The row as it is stored, addresses hashed and sealed. Raises InvalidError, naming the field."""
        self._check_width(row)
        country = cells.country_of(self._cell(row, "country", 100))
        address = self._email(row)
        email, email_sealed = self._address(EMAIL, address)
        phone, phone_sealed = self._address(PHONE, self._phone(row, country))
        if email is None and phone is None:
            raise self._unreachable()
        name = self._name(row)
        said = self._permission(row, country, email is not None)
        return (
            number,
            email,
            email_sealed,
            *(address_columns(address, self._keys) if address else (None, None, None)),
            phone,
            phone_sealed,
            self._keys.keyed_hash(NAME, name) if name else None,
            self._keys.seal(name) if name else None,
            cells.locale_of(self._cell(row, "locale", 100)),
            country,
            cells.time_zone_of(self._cell(row, "time_zone", 100)),
            said.granted,
            said.basis,
            said.jurisdiction,
            said.source,
            said.wording,
            said.at,
            said.incomplete,
            said.purpose,
        )

    def _check_width(self, row: Sequence[str]) -> None:
        if len(row) > self._rules.width and any(cell.strip() for cell in row[self._rules.width :]):
            raise InvalidError(
                "row",
                N_("The row has %(found)d cells, the header %(wanted)d."),
                remedy=N_("Put a cell that holds the separator between quotation marks."),
                found=len(row),
                wanted=self._rules.width,
            )

    def _unreachable(self) -> InvalidError:
        return InvalidError(
            "email" if "email" in self._rules.positions else "phone",
            N_("There is neither an e-mail address nor a phone number."),
            remedy=N_("Fill in one of them."),
        )

    def _cell(self, row: Sequence[str], field: str, longest: int) -> str:
        at = self._rules.positions.get(field)
        if at is None or at >= len(row):
            return ""
        if len(row[at]) > longest:
            raise InvalidError(
                field,
                N_("It is longer than %(longest)d characters."),
                remedy=N_("Shorten it."),
                longest=longest,
            )
        return row[at]

    def _email(self, row: Sequence[str]) -> str | None:
        # A spreadsheet's mark for text, which no mailbox begins with.
        text = cells.bare(self._cell(row, "email", 2_000)).lstrip("'‘’")
        return normalise_email(text) if text else None

    def _phone(self, row: Sequence[str], country: str | None) -> str | None:
        text = cells.bare(self._cell(row, "phone", 2_000))
        return normalise_phone(text, country) if text else None

    def _address(self, kind: str, value: str | None) -> tuple[bytes | None, bytes | None]:
        if value is None:
            return None, None
        cells.check_letters(kind, value)
        return self._keys.keyed_hash(kind, value), self._keys.seal(value)

    def _name(self, row: Sequence[str]) -> str:
        name = cells.short("name", self._cell(row, "name", 800), cells.LONGEST_NAME)
        family = cells.short("family_name", self._cell(row, "family_name", 800), cells.LONGEST_NAME)
        if family and name and "\u3400" <= family[0] <= "\u9fff":
            return family + name
        return f"{name} {family}".strip() if family else name

    def _permission(self, row: Sequence[str], country: str | None, writable: bool) -> RowPermission:
        """Permission is for e-mail, so that a row without an address carries none."""
        if not self._says and not self._rules.permission.said():
            return NOTHING_SAID
        # Most rows of a file say the same, so it is worked out once.
        key = (country, writable, *(self._cell(row, field, longest) for field, longest in _SAID.items()))
        known = self._same.get(key)
        if known is None:
            known = self._decided(row, country, writable)
            if len(self._same) < _MOST_REMEMBERED:
                self._same[key] = known
        return known

    def _decided(self, row: Sequence[str], country: str | None, writable: bool) -> RowPermission:
        said = cells.says_yes(self._said(row, "consent"))
        own = FilePermission(
            basis=cells.basis_of(self._said(row, "basis")),
            source=cells.short("source", self._said(row, "source"), cells.LONGEST_SOURCE) or None,
            wording=cells.short("wording", self._said(row, "wording"), cells.LONGEST_WORDING) or None,
            at=cells.moment_of(self._said(row, "at"), self._rules.zone),
            jurisdiction=cells.short("jurisdiction", self._said(row, "jurisdiction"), 100) or None,
            purpose=cells.purpose_of(self._said(row, "purpose")),
        )
        check_past(own.at, self._rules.now)
        if not writable:
            return NOTHING_SAID
        return decide(said, own, self._rules.permission, asked=self._asked, country=country)

    def _said(self, row: Sequence[str], field: str) -> str:
        return self._cell(row, field, _SAID[field])
