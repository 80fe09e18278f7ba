"""Files of pretend people, brought in as a marketer would, week by week."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.people.identity import EMAIL, email_hash
from growth.people.importing.bring_in import ImportFile, bring_in
from growth.people.importing.files import guess_format
from growth.people.records import Identity

_HEADER = ("email", "phone", "name", "country", "language", "time zone", "consent", "basis", "source", "wording", "at")
_AT_ONCE = 5_000


@dataclass(frozen=True)
class NewPerson:
    """Somebody to bring in; `said_yes` is when they agreed to e-mails, None for those who didn't."""

    email: str
    name: str
    country: str
    locale: str
    time_zone: str
    said_yes: datetime | None
    source: str
    wording: str
    phone: str = ""

    def cells(self) -> Iterator[str]:
        """In the order of the file's columns."""
        yield from (self.email, self.phone, self.name, self.country, self.locale, self.time_zone)
        if self.said_yes is None:
            yield from ("", "", "", "", "")
        else:
            yield from ("yes", "consent", self.source, self.wording, self.said_yes.isoformat())


def bring(engine: Engine, people: Iterable[NewPerson], name: str, now: datetime) -> None:
    """Import them as they were known at `now`; those who are there already stay as they are."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_text(_written(people), encoding="utf-8")
        file = ImportFile(path=path, name=name, form=guess_format(path), rejected=Path(folder) / "rejected.csv")
        bring_in(engine, FixedClock(now), file, by="sample data")


def _written(people: Iterable[NewPerson]) -> str:
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(_HEADER)
    rows.writerows(list(one.cells()) for one in people)
    return text.getvalue()


def ids_of(session: Session, addresses: Iterable[str]) -> dict[str, int]:
    """Whose address each of these is."""
    by_hash = {email_hash(address): address for address in addresses}
    hashes = list(by_hash)
    found: dict[str, int] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        known = select(Identity.hash, Identity.person_id).where(
            Identity.kind == EMAIL, Identity.hash.in_(hashes[start : start + _AT_ONCE])
        )
        found |= {by_hash[digest]: person for digest, person in session.execute(known) if person is not None}
    return found
