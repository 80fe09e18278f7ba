"""Files of events, uploaded on a page and brought in by a job."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from growth.database.changed_days import zone_of
from growth.errors import InvalidError
from growth.events.files import Row
from growth.events.importing import Imported, import_events, shown
from growth.locales import N_
from growth.people.importing.rejected import RejectedFile
from growth.people.importing.uploads import Received, bring_in_later, rejected_of, uploaded_of
from growth.scheduling.records import JobRun as RunRecord
from growth.scheduling.run import JobRun

JOB = "import_events"
_NAMED = 20
"""Rows named in the run's own log; all of them stand in the file of rejected rows."""

FIELD_NAMES = {
    "id": N_("Id"),
    "kind": N_("Kind"),
    "at": N_("Moment"),
    "occurred_at": N_("Moment"),
    "side": N_("Side"),
    "visitor": N_("Visitor"),
    "email": N_("E-mail"),
    "country": N_("Country"),
    "properties": N_("Properties"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
}


def start(session: Session, received: Received, *, locale: str, by: str, now: datetime) -> int:
    """Have an uploaded file brought in; gives the run. Two files at the same moment are two runs."""
    return bring_in_later(session, JOB, received, locale=locale, by=by, now=now)


def rejected_rows(run: RunRecord) -> Path | None:
    """The file of rows that didn't go in, while it is kept."""
    return rejected_of(run, JOB)


def work_on(run: JobRun) -> None:
    """Bring the file in, in one transaction: taken up again after a kill it begins anew, and nothing is there twice.

    Raises PermanentError when there is no file, and InvalidError for one that can't be read.
    """
    path = uploaded_of(run)
    done = _brought_in(run, path)
    path.unlink(missing_ok=True)
    run.tell(N_("Events that are new: %(new)s; known already: %(known)s."), new=done.new, known=done.known)
    if done.rejected:
        run.tell(N_("Rows that didn't go in: %(rows)s."), level="warning", rows=done.rejected)
    if done.strangers:
        run.tell(N_("Events with an address that is nobody's we know: %(rows)s."), rows=done.strangers)


def _brought_in(run: JobRun, path: Path) -> Imported:
    def reject(number: int, row: Row, wrong: InvalidError) -> None:
        rejected.reject(number, list(shown(row)), wrong)
        if rejected.count <= _NAMED:
            run.tell(N_("Row %(row)s: %(wrong)s"), level="warning", row=number, wrong=f"{wrong.field}: {wrong}")

    locale = str(run.args.get("locale", "en"))
    rejected = RejectedFile(path.with_suffix(".rejected.csv"), [N_("Row as it was")], locale, FIELD_NAMES)
    with closing(rejected), run.transaction() as session:
        return import_events(
            session,
            path,
            run.now(),
            zone=zone_of(session).key,
            reject=reject,
            progress=lambda _rows: run.leave_off(),
        )
