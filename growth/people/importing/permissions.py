"""Whether a row carries a permission: all of basis, source, wording and moment, or none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from growth.errors import InvalidError
from growth.locales import N_
from growth.people.consent import MARKETING
from growth.people.importing import cells
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.permission.lists import check_open
from growth.people.permission.records import MailingList


@dataclass(frozen=True)
class FilePermission:
    """What is said of the permission of everybody in a file; a row's own cells stand above it."""

    basis: str | None = None
    source: str | None = None
    wording: str | None = None
    at: datetime | None = None
    jurisdiction: str | None = None
    purpose: str | None = None
    """What the e-mails are for; marketing where nobody says."""
    list_id: int | None = None
    """The list that everybody joins who is allowed its purpose; of a whole file only."""

    def said(self) -> bool:
        """Whether anything was said for the whole file."""
        return any((self.basis, self.source, self.wording, self.at))

    def chosen(self) -> bool:
        """Whether there is anything to remember: what was said, or what it is for."""
        return self.said() or bool(self.purpose or self.list_id)

    def as_json(self) -> dict[str, Any]:
        """For storing."""
        return self.__dict__ | {"at": self.at.isoformat() if self.at else None}


def read_permission(
    *,
    basis: str | None = None,
    source: str | None = None,
    wording: str | None = None,
    at: str | None = None,
    jurisdiction: str | None = None,
    purpose: str | None = None,
    to: MailingList | None = None,
    zone: str,
    now: datetime,
) -> FilePermission:
    """What a form or a command line says of the whole file. Raises InvalidError, naming the field.

    `to` is the list they join, which has one purpose. Raises ConflictError for one in the archive.
    """
    moment = cells.moment_of(at or "", zone)
    meant = cells.purpose_of(purpose or "")
    if to is not None:
        check_open(to)
        if meant not in {None, to.purpose}:
            raise InvalidError(
                "purpose", N_("This list is for another purpose."), remedy=N_("Leave the purpose to the list.")
            )
    check_past(moment, now)
    return FilePermission(
        basis=cells.basis_of(basis or ""),
        source=cells.short("source", source or "", cells.LONGEST_SOURCE) or None,
        wording=cells.short("wording", wording or "", cells.LONGEST_WORDING) or None,
        at=moment,
        jurisdiction=cells.short("jurisdiction", jurisdiction or "", 100) or None,
        purpose=to.purpose if to else meant,
        list_id=to.id if to else None,
    )


def stored_permission(stored: dict[str, Any] | None) -> FilePermission:
    """The permission of a stored import."""
    if not stored:
        return FilePermission()
    moment = stored.get("at")
    return FilePermission(**(stored | {"at": datetime.fromisoformat(moment) if moment else None}))


def check_past(at: datetime | None, now: datetime) -> None:
    """Raise InvalidError for a moment that has not come yet."""
    if at is not None and at > now:
        raise InvalidError("at", N_("This moment lies in the future."), remedy=N_("Give when the person said it."))


@dataclass(frozen=True)
class RowPermission:
    """What a row says of permission: nothing, yes, no, or a yes that nobody could prove."""

    granted: bool | None
    basis: str | None = None
    jurisdiction: str | None = None
    source: str | None = None
    wording: str | None = None
    at: datetime | None = None
    incomplete: bool = False
    purpose: str = MARKETING


NOTHING_SAID = RowPermission(None)
UNPROVEN = RowPermission(None, incomplete=True)


def decide(
    said: bool | None, row: FilePermission, file: FilePermission, *, asked: bool, country: str | None
) -> RowPermission:
    """What a row's own words and the file's come to.

    Args:
        said: the row's yes or no; None when it has none.
        row: what the row's own cells say.
        file: what was said for the whole file.
        asked: whether the file has a column of yes and no; then an empty cell is not a yes.
        country: the row's country, whose law it is where the jurisdiction is not given.
    """
    if said is None and (asked or not (row.said() or file.said())):
        return NOTHING_SAID
    basis, source, wording = row.basis or file.basis, row.source or file.source, row.wording or file.wording
    at = row.at or file.at
    jurisdiction = row.jurisdiction or file.jurisdiction or jurisdiction_of(country).code
    purpose = row.purpose or file.purpose or MARKETING
    if said is False:
        # A no needs no proof: without a moment it holds from now, should there be a permission to take back.
        return RowPermission(False, "withdrawal", jurisdiction, source or "import", wording or "", at, purpose=purpose)
    if not (basis and source and wording and at):
        return UNPROVEN
    return RowPermission(True, basis, jurisdiction, source, wording, at, purpose=purpose)
