"""Bringing files of events in: good rows, each once, in one transaction; bad rows named."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.orm import Session

from growth.errors import InvalidError
from growth.events.files import Row, rows_of, sent_of
from growth.events.ingest import NewEvent, ingest
from growth.events.sent import read_event
from growth.events.whom import join_visitors, known_by_address
from growth.ids import PersonId, event_id

SOURCE = "import"
_AT_ONCE = 5_000

Reject = Callable[[int, Row, InvalidError], None]


@dataclass
class Imported:
    """What became of the rows."""

    new: int = 0
    known: int = 0
    rejected: int = 0
    strangers: int = 0
    """Of the good ones those whose address is nobody's we know; they are counted, but are nobody's."""


def import_events(
    session: Session,
    path: Path,
    now: datetime,
    *,
    zone: str,
    reject: Reject,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Imported:
    """Store a file's events in the caller's transaction, so that a kill leaves nothing; again it changes nothing.

    A row without an id is known by all it says, and as the how-manieth of its like. `reject` gets the number of a bad
    row, the row, and what is wrong with which field. Raises InvalidError (field `file`).
    """
    bringing = _Bringing(session, now, zone, reject)
    rows = rows_of(path)
    while batch := list(itertools.islice(rows, _AT_ONCE)):
        bringing.store(batch)
        progress(batch[-1][0])
    return bringing.done


@dataclass
class _Bringing:
    """An import under way."""

    session: Session
    now: datetime
    zone: str
    reject: Reject
    alike: Counter[bytes] = field(default_factory=Counter)
    done: Imported = field(default_factory=Imported)

    def store(self, rows: Sequence[tuple[int, Row]]) -> None:
        """The next rows."""
        sent = [(number, row, one) for number, row in rows if (one := self._sent(number, row))]
        addresses = {one["email"] for *_, one in sent if "email" in one}
        people = known_by_address(self.session, addresses) if addresses else {}
        self.done.strangers += sum("email" in one and one["email"] not in people for *_, one in sent)
        read = [(number, row, event) for number, row, one in sent if (event := self._read(number, row, one, people))]
        stored = ingest(self.session, [event for *_, event in read], self.now)
        join_visitors(self.session, stored.accepted)
        for index, wrong in stored.refused:
            self._refuse(*read[index][:2], wrong)
        self.done.new += len(stored.accepted)
        self.done.known += stored.repeated

    def _sent(self, number: int, row: Row) -> dict[str, Any] | None:
        try:
            return _with_id(sent_of(row, self.zone), self.alike)
        except InvalidError as wrong:
            self._refuse(number, row, wrong)
            return None

    def _read(self, number: int, row: Row, sent: dict[str, Any], people: Mapping[str, PersonId]) -> NewEvent | None:
        try:
            return read_event(sent, people, self.now, trusted=True, source=SOURCE)
        except InvalidError as wrong:
            self._refuse(number, row, wrong)
            return None

    def _refuse(self, number: int, row: Row, wrong: InvalidError) -> None:
        self.done.rejected += 1
        self.reject(number, row, wrong)


def _with_id(sent: dict[str, Any], alike: Counter[bytes]) -> dict[str, Any]:
    if "id" in sent:
        return sent
    digest = hashlib.sha256(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS, default=str)).digest()
    alike[digest] += 1
    return sent | {"id": str(event_id(SOURCE, f"{digest.hex()} {alike[digest]}"))}


def shown(row: Row) -> Iterator[str]:
    """The cells of a row as they are shown beside what is wrong with it."""
    return (f"{name}={value}"[:200] for name, value in row.items())
