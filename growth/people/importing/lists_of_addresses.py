"""Lists of addresses that must not be written to, uploaded on a page and brought in by a job."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from growth.errors import GrowthError, InvalidError, PermanentError
from growth.locales import N_
from growth.people.importing.rejected import RejectedFile
from growth.people.importing.suppressing import Suppressed, suppress_file
from growth.people.importing.uploads import Received, imports_folder, rejected_of
from growth.scheduling.firing import fire_free
from growth.scheduling.records import JobRun as RunRecord
from growth.scheduling.run import JobRun

JOB = "import_suppressions"
_NAMED = 20
"""Rows named in the run's own log; all of them stand in the file of rejected rows."""


def start(session: Session, received: Received, *, source: str, locale: str, by: str, now: datetime) -> int:
    """Have an uploaded list brought in; gives the run. Two lists at the same moment are two runs."""
    args = {"path": received.path.name, "name": received.filename, "source": source, "locale": locale, "by": by}
    return fire_free(session, JOB, now=now, fired_by=f"person:{by}", args=args)


def rejected_rows(run: RunRecord) -> Path | None:
    """The file of rows that a run could not read, while it is kept."""
    return rejected_of(run, JOB)


def work_on(run: JobRun) -> None:
    """Bring the list in, in one transaction: taken up again after a kill it changes nothing that was done.

    Raises PermanentError when there is no list, and InvalidError for one without any address.
    """
    path = imports_folder() / Path(str(run.args.get("path", "none"))).name
    if not path.is_file():
        raise PermanentError(
            N_("The uploaded list is no longer here."), remedy=N_("Lists are kept for a day. Upload it again.")
        )
    done = _brought_in(run, path)
    path.unlink(missing_ok=True)
    run.tell(N_("Addresses added: %(new)s; on the list already: %(known)s."), new=done.new, known=done.known)
    if done.unreadable:
        run.tell(N_("Rows without an address that could be read: %(rows)s."), level="warning", rows=done.unreadable)


def _brought_in(run: JobRun, path: Path) -> Suppressed:
    wrong: list[tuple[int, GrowthError]] = []

    def reject(number: int, line: str, error: InvalidError) -> None:
        rejected.reject(number, [line], error)
        if len(wrong) < _NAMED:
            wrong.append((number, error))

    header = [N_("Row as it was")]
    rejected = RejectedFile(path.with_suffix(".rejected.csv"), header, str(run.args.get("locale", "en")))
    with closing(rejected), run.transaction() as session:
        done = suppress_file(
            session,
            path,
            source=str(run.args["source"]),
            actor=str(run.args["by"]),
            now=run.now(),
            name=str(run.args["name"]),
            reject=reject,
            progress=lambda _rows: run.leave_off(),
        )
        for number, error in wrong:
            run.tell(N_("Row %(row)s: %(wrong)s"), level="warning", row=number, wrong=str(error))
    return done
