"""Whose row is it: the rows of a file that share addresses with each other or with several people, one by one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from growth.locales import N_


class Reason(StrEnum):
    """Why a row that is right in itself can't go in."""

    PHONE_OF_ANOTHER = "phone_of_another"
    PHONE_IN_ROW = "phone_in_row"
    TWO_PEOPLE = "two_people"
    ORGANISATION = "organisation"
    ERASED = "erased"


WORDS: dict[Reason, tuple[str, str, str]] = {
    Reason.PHONE_OF_ANOTHER: (
        "phone",
        N_("This phone number belongs to somebody with another e-mail address."),
        N_("Correct the phone or leave it out."),
    ),
    Reason.PHONE_IN_ROW: (
        "phone",
        N_("Row %(row)d has the same phone number with another e-mail address."),
        N_("Leave the phone in the row of the person it belongs to."),
    ),
    Reason.TWO_PEOPLE: (
        "phone",
        N_("The e-mail address and the phone number belong to two different people."),
        N_("Correct one of them or leave it out."),
    ),
    Reason.ORGANISATION: (
        "email",
        N_("This address belongs to an organisation, not to a person."),
        N_("Leave it out, or give the person's own address."),
    ),
    Reason.ERASED: (
        "email",
        N_("This person asked to be erased, so nothing may be stored about them."),
        N_("Take the row out of the file."),
    ),
}
"""Field, what was wrong and how to put it right."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row and whom its addresses point at. Addresses are numbered: equal numbers are equal addresses."""

    row: int
    email: int | None
    phone: int | None
    by_email: int | None
    by_phone: int | None
    """The person already stored with this address."""
    phone_has_email: bool
    """Whether the person stored with the phone has an e-mail address."""
    organisation: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose a row is: a stored person's id, or minus the number of the row that first brought somebody new."""

    row: int
    owner: int | None
    reason: Reason | None = None
    other: int | None = None


class Matcher:
    """Decides rows in the order of the file, remembering what earlier rows claimed.

    Identities are only ever added, so a row refused once is refused again, and a row let in points at the same
    person again: the same file twice is the same as once.
    """

    def __init__(self) -> None:
        self._emails: dict[int, int] = {}
        self._phones: dict[int, tuple[int, int]] = {}
        self._with_email: set[int] = set()

    def decide(self, claims: Iterable[Claim]) -> Iterator[Verdict]:
        """A verdict for each claim, in their order."""
        for claim in claims:
            yield self._decide(claim)

    def _decide(self, claim: Claim) -> Verdict:
        if claim.organisation:
            return Verdict(claim.row, None, Reason.ORGANISATION)
        by_email = self._emails.get(claim.email or 0, claim.by_email)
        by_phone, row = self._phones.get(claim.phone or 0, (claim.by_phone, None))
        if by_phone is not None and claim.email is not None:
            if by_email is not None and by_email != by_phone:
                return Verdict(claim.row, None, Reason.PHONE_IN_ROW if row else Reason.TWO_PEOPLE, row)
            taken = by_phone in self._with_email or (by_phone == claim.by_phone and claim.phone_has_email)
            if by_email is None and taken:
                return Verdict(claim.row, None, Reason.PHONE_IN_ROW if row else Reason.PHONE_OF_ANOTHER, row)
        owner = by_email or by_phone or -claim.row
        self._remember(claim, owner)
        return Verdict(claim.row, owner)

    def _remember(self, claim: Claim, owner: int) -> None:
        if claim.email is not None:
            self._emails[claim.email] = owner
            self._with_email.add(owner)
        if claim.phone is not None:
            self._phones.setdefault(claim.phone, (owner, claim.row))
