"""Files of costs and of rates, uploaded on a page and brought in by a job."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.locales import N_
from growth.people.importing.rejected import RejectedFile
from growth.people.importing.uploads import Received, bring_in_later, rejected_of, uploaded_of
from growth.scheduling.records import JobRun as RunRecord
from growth.scheduling.run import JobRun
from growth.spend.cells import Channels
from growth.spend.currencies import Rate, base_currency, record_rates
from growth.spend.files import Read, Wrong, holds_rates, read_costs, read_rates
from growth.spend.ledger import NewCost, Recorded, record_costs

JOB = "import_costs"
MOST_BYTES = 10_000_000
_NAMED = 20
"""Rows named in the run's own log; all of them stand in the file of rejected rows."""

FIELD_NAMES = {
    "day": N_("Day"),
    "side": N_("Side"),
    "channel": N_("Channel"),
    "country": N_("Country"),
    "campaign": N_("Campaign"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "rate": N_("Rate"),
}


def start(session: Session, received: Received, *, locale: str, by: str, now: datetime) -> int:
    """Have an uploaded file brought in; gives the run. Two files at the same moment are two runs."""
    return bring_in_later(session, JOB, received, locale=locale, by=by, now=now)


def rejected_rows(run: RunRecord) -> Path | None:
    """The file of rows that didn't go in, while it is kept."""
    return rejected_of(run, JOB)


def work_on(run: JobRun, channels: Channels) -> None:
    """Bring the file in, in one transaction: taken up again after a kill it begins anew, and nothing is there twice.

    Raises PermanentError when there is no file, and InvalidError for one that can't be read.
    """
    path = uploaded_of(run)
    locale, name, actor = (str(run.args.get(one, "en")) for one in ("locale", "name", "by"))
    read, bring = _read(path, channels, name=name, actor=actor, now=run.now())
    write_rejected(path.with_suffix(".rejected.csv"), read.header, read.wrong, locale)
    with run.transaction() as session:
        done = bring(session)
        run.tell(
            N_("Lines that are new: %(new)s; changed: %(changed)s; the same: %(same)s."),
            new=done.new,
            changed=done.changed,
            same=done.same,
        )
        _name(run, read.wrong)
    path.unlink(missing_ok=True)


def _read(
    path: Path, channels: Channels, *, name: str, actor: str, now: datetime
) -> tuple[Read[NewCost] | Read[Rate], Callable[[Session], Recorded]]:
    """What the file holds, and how that is kept."""
    if holds_rates(path):
        rates = read_rates(path, now)
        return rates, lambda session: bring_rates(session, rates, name=name, actor=actor, now=now)
    costs = read_costs(path, channels, now)
    return costs, lambda session: bring_costs(session, costs, name=name, actor=actor, now=now)


def bring_costs(session: Session, read: Read[NewCost], *, name: str, actor: str, now: datetime) -> Recorded:
    """Keep the good lines of a file, audited where anything changed."""
    done = record_costs(session, read.good, now)
    if done.new or done.changed:
        detail = {"new": done.new, "changed": done.changed, "wrong": len(read.wrong)}
        audit(session, actor=actor, action="spend import", subject=name, detail=detail, now=now)
    return done


def bring_rates(session: Session, read: Read[Rate], *, name: str, actor: str, now: datetime) -> Recorded:
    """Keep the good rates of a file, audited where anything changed; those new or different stand as changed."""
    base = base_currency(session)
    changed = record_rates(session, base, read.good, now)
    if changed:
        detail = {"changed": changed, "base": base, "wrong": len(read.wrong)}
        audit(session, actor=actor, action="rates import", subject=name, detail=detail, now=now)
    return Recorded(changed=changed, same=len(read.good) - changed)


def write_rejected(path: Path, header: Sequence[str], wrong: Sequence[Wrong], locale: str) -> int:
    """Write the rows that didn't go in, each with its number, field, fault and remedy; gives how many."""
    with closing(RejectedFile(path, header, locale, FIELD_NAMES)) as rejected:
        for one in wrong:
            rejected.reject(one.row, one.cells, one.error)
        return rejected.count


def _name(run: JobRun, wrong: Sequence[Wrong]) -> None:
    if wrong:
        run.tell(N_("Rows that didn't go in: %(rows)s."), level="warning", rows=len(wrong))
    for one in wrong[:_NAMED]:
        run.tell(N_("Row %(row)s: %(wrong)s"), level="warning", row=one.row, wrong=f"{one.error.field}: {one.error}")
