"""Checking one row of a file of leads: from its cells to what is staged, or to what is wrong with it."""

from collections.abc import Callable, Sequence

import orjson

from growth.errors import InvalidError
from growth.keyring import keyring
from growth.leads.importing.columns import FACTS, channel_of
from growth.leads.importing.dates import Moments
from growth.leads.importing.sources import LeadFile
from growth.locales import N_
from growth.people.identity import EMAIL, PHONE, normalise_email, normalise_phone
from growth.people.importing.cells import bare, country_of, locale_of, short

STAGED = {
    "file": "int4",
    "row": "int4",
    "source_key": "text",
    "name": "text",
    "channel": "text",
    "facts": "text",
    "contacted_at": "timestamptz",
    "won_at": "timestamptz",
    "email": "bytea",
    "phone": "bytea",
}
"""Columns of a checked row and their PostgreSQL types; a deal has but its key and `won_at`."""

StagedRow = tuple[object, ...]
_LONGEST = {"key": 200, "name": 200, "company": 200}
_READ: dict[str, Callable[[str], str | None]] = {"country": country_of, "language": locale_of}


class RowChecker:
    """Checks rows of one file. Called with a row's number and cells."""

    def __init__(self, number: int, file: LeadFile, moments: Moments) -> None:
        self._number = number
        self._file = file
        self._moments = moments

    def __call__(self, number: int, row: Sequence[str]) -> StagedRow:
        """The row as it is staged. Raises InvalidError, naming the field."""
        width = len(self._file.header)
        if any(cell.strip() for cell in row[width:]):
            raise InvalidError(
                "row",
                N_("The row has %(found)d cells, the header %(wanted)d."),
                remedy=N_("Put a cell that holds the separator between quotation marks."),
                found=len(row),
                wanted=width,
            )
        won = self._moments.read("won_at", self._cell(row, "won_at"))
        return (self._number, number, *(self._lead(row, won) if self._file.has_leads else self._deal(row, won)))

    def _lead(self, row: Sequence[str], won: object) -> StagedRow:
        contacted = self._moments.read("contacted_at", self._cell(row, "contacted_at"))
        if contacted is None:
            raise InvalidError(
                "contacted_at", N_("The date of first contact is missing."), remedy=N_("Fill it in, like 2026-11-24.")
            )
        facts = {field: self._fact(row, field) for field in FACTS}
        email, phone = self._email(row), self._phone(row, facts["country"])
        person, company = self._short(row, "name"), self._short(row, "company")
        key = self._short(row, "key") or _key_of(email or phone or f"{company}\n{person}".strip())
        origin = facts["origin"] or ""
        return (
            key,
            company or person or None,
            channel_of(self._short(row, "channel"), origin),
            orjson.dumps({field: value for field, value in facts.items() if value}).decode(),
            contacted,
            won,
            keyring().keyed_hash(EMAIL, email) if email else None,
            keyring().keyed_hash(PHONE, phone) if phone else None,
        )

    def _deal(self, row: Sequence[str], won: object) -> StagedRow:
        key = self._short(row, "key")
        if not key:
            raise InvalidError("key", N_("The lead that was won is not named."), remedy=N_("Fill in its number."))
        if won is None:
            raise InvalidError("won_at", N_("The date it was won is missing."), remedy=N_("Fill it in."))
        return (key, None, None, None, None, won, None, None)

    def _cell(self, row: Sequence[str], field: str) -> str:
        place = self._file.places.get(field)
        return row[place] if place is not None and place < len(row) else ""

    def _short(self, row: Sequence[str], field: str) -> str:
        return short(field, self._cell(row, field), _LONGEST.get(field, 120))

    def _fact(self, row: Sequence[str], field: str) -> str | None:
        text = self._short(row, field)
        read = _READ.get(field)
        if read is None:
            return text
        try:
            return read(text)
        except InvalidError as wrong:
            # A language is a `locale` to who reads it.
            raise InvalidError(field, wrong.message, remedy=wrong.remedy, **wrong.values) from None

    def _email(self, row: Sequence[str]) -> str | None:
        text = bare(self._short(row, "email"))
        return normalise_email(text) if text else None

    def _phone(self, row: Sequence[str], country: str | None) -> str | None:
        text = bare(self._short(row, "phone"))
        return normalise_phone(text, country) if text else None


def _key_of(known: str) -> str:
    """A key for a lead whose file has none: the same address, or else name, gives the same again."""
    if not known:
        raise InvalidError(
            "key",
            N_("There is nothing to know this lead by when it comes again."),
            remedy=N_("Fill in its number, an e-mail address, a phone number or a name."),
        )
    return keyring().keyed_hash("lead", known).hex()[:32]
