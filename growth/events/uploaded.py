"""Files of events, uploaded on a page and brought in by a job."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from growth.database.changed_days import zone_of
from growth.errors import InvalidError, PermanentError
from growth.events.files import Row
from growth.events.importing import Imported, import_events, shown
from growth.locales import N_
from growth.people.importing.rejected import RejectedFile
from growth.people.importing.uploads import Received, imports_folder, rejected_of
from growth.scheduling.firing import fire_free
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
    args = {"path": received.path.name, "name": received.filename, "locale": locale, "by": by}
    return fire_free(session, JOB, now=now, fired_by=f"person:{by}", args=args)


def rejected_rows(run: RunRecord) -> Path | None:
    """The file of rows that didn't go in, while it is kept."""
    return rejected_of(run, JOB)


def work_on(run: JobRun) -> None:
    """Bring the file in, in one transaction: taken up again after a kill it begins anew, and nothing is there twice.

    Raises PermanentError when there is no file, and InvalidError for one that can't be read.
    """
    path = imports_folder() / Path(str(run.args.get("path", "none"))).name
    if not path.is_file():
        raise PermanentError(
            N_("The uploaded file is no longer here."), remedy=N_("Files are kept for a day. Upload it again.")
        )
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
