"""Addresses that must not be written to, from one address or a file of them, with an entry in the audit log."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.identity import EMAIL, email_hash, mailbox_hash
from growth.people.importing.encodings import guess_encoding
from growth.people.suppression import suppress_many, ways_of

_BATCH = 5_000
_LONGEST_LINE = 1 << 20
# Longer than any address can be, so that a wrong one is found too long, and a line of a million letters soon read.
_ADDRESS = re.compile(r"[^\s,;|\"'<>]{1,320}[@\uff20][^\s,;|\"'<>]{1,320}")


Reject = Callable[[int, str, InvalidError], None]


@dataclass(frozen=True)
class Suppressed:
    """What became of a list."""

    new: int = 0
    known: int = 0
    unreadable: int = 0
    """Rows without an address; a header is none of them."""
    first_unreadable: int | None = None


def suppress_address(session: Session, address: str, *, source: str, actor: str, now: datetime) -> Suppressed:
    """Write to an address no more. Raises InvalidError when it is none."""
    digest = email_hash(address)
    new = suppress_many(session, EMAIL, [digest], reason="manual", source=source, now=now)
    _widen(session, {digest: mailbox_hash(address)}, reason="manual", source=source, now=now)
    # The log is kept for good and the address need not be, so that the log knows it by the start of its hash.
    subject = f"e-mail {digest.hex()[:16]}"
    audit(session, actor=actor, action="suppress", subject=subject, detail={"source": source, "new": new}, now=now)
    return Suppressed(new=new, known=1 - new)


def _widen(session: Session, plain: Mapping[bytes, bytes], *, reason: str, source: str, now: datetime) -> None:
    """Suppress the mailboxes of addresses too, by their plain forms and every known way of writing those."""
    others = set(ways_of(session, {*plain, *plain.values()})) - set(plain)
    suppress_many(session, EMAIL, sorted(others), reason=reason, source=source, now=now)


def suppress_file(
    session: Session,
    path: Path,
    *,
    source: str,
    actor: str,
    now: datetime,
    name: str | None = None,
    reject: Reject = lambda _number, _line, _wrong: None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Suppressed:
    """Write to the addresses of a file no more: the first in each line, with a header or without.

    All in the caller's transaction. `name` is what the reader calls the file; `reject` is told of each row without an
    address, and `progress` how many rows were read. Raises InvalidError (field `file`) when there is no address in it.
    """
    seen = unreadable = new = 0
    first = None
    waiting: dict[bytes, bytes] = {}
    for row in _rows(path):
        if isinstance(row.found, InvalidError):
            unreadable, first = unreadable + 1, first or row.number
            reject(row.number, row.line, row.found)
            continue
        seen += 1
        waiting |= [row.found]
        if len(waiting) == _BATCH:
            new += suppress_many(session, EMAIL, list(waiting), reason="imported", source=source, now=now)
            _widen(session, waiting, reason="imported", source=source, now=now)
            waiting.clear()
            progress(row.number)
    new += suppress_many(session, EMAIL, list(waiting), reason="imported", source=source, now=now)
    _widen(session, waiting, reason="imported", source=source, now=now)
    if not seen:
        raise InvalidError("file", N_("There is no e-mail address in this file."))
    done = Suppressed(new, seen - new, unreadable, first)
    detail = {"source": source, "new": done.new, "known": done.known}
    audit(session, actor=actor, action="suppress", subject=name or path.name, detail=detail, now=now)
    return done


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    line: str
    found: tuple[bytes, bytes] | InvalidError


def _rows(path: Path) -> Iterator[_Row]:
    """Each line that isn't empty, with hashes of its address and mailbox, or what is wrong; no header."""
    with path.open(encoding=guess_encoding(path), errors="replace") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            address = _ADDRESS.search(line)
            if address is None and (number == 1 or not line.strip()):
                continue
            yield _Row(number, line.rstrip("\r\n"), _hashed(address[0] if address else None))


def _hashed(address: str | None) -> tuple[bytes, bytes] | InvalidError:
    if address is None:
        return InvalidError("email", N_("There is no e-mail address in this row."))
    try:
        return email_hash(address), mailbox_hash(address)
    except InvalidError as wrong:
        return wrong
