"""What the job does with an upload: check it or bring it in, as often as it is taken up anew."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from growth.database.workspace import workspace
from growth.errors import GrowthError, PermanentError
from growth.locales import N_, closest
from growth.people.importing.bring_in import ImportFile, bring_in
from growth.people.importing.permissions import stored_permission
from growth.people.importing.planning import Counts
from growth.people.importing.uploads import CHECKED, FAILED, IMPORTED, form_of, path_of, upload_by_id
from growth.people.records import PeopleImport
from growth.people.staff import find_account
from growth.scheduling.run import JobRun


def work_on(run: JobRun) -> None:
    """Check the file, or bring it in; a second worker that takes it up after a kill finds what the first one did.

    The state of the import changes in the merge's own transaction. Raises what the run's page then says.
    """
    if "import" not in run.args:
        raise PermanentError(N_("No file was named to bring in."), remedy=N_("Upload one under “People”."))
    upload_id, dry_run = int(run.args["import"]), bool(run.args["dry_run"])
    with run.transaction() as session:
        upload = upload_by_id(session, upload_id)
        if upload.state == IMPORTED:
            _clear_away(session, upload)
            return
    try:
        counts = _brought_in(run, upload, dry_run=dry_run)
    except GrowthError:
        with run.transaction() as session:
            session.execute(_unless_imported(upload_id).values(state=FAILED, finished_at=run.now()))
        raise
    _tell(run, counts, dry_run=dry_run)


def _brought_in(run: JobRun, upload: PeopleImport, *, dry_run: bool) -> Counts:
    upload_id, total = upload.id, upload.counts.get("rows") or upload.counts.get("lines", 0)

    def progress(rows: int) -> None:
        run.leave_off()
        run.progress(rows, max(total or 0, rows))

    def finish(session: Session, counts: Counts) -> None:
        session.execute(_unless_imported(upload_id).values(_outcome(IMPORTED, counts, file.rejected, run.now())))

    with run.transaction() as session:
        file = _file(session, upload, run.args["by"])
    counts = bring_in(run.engine, run.clock, file, by=run.args["by"], dry_run=dry_run, progress=progress, finish=finish)
    with run.transaction() as session:
        if dry_run:
            session.execute(_unless_imported(upload_id).values(_outcome(CHECKED, counts, file.rejected, None)))
        else:
            _clear_away(session, upload_by_id(session, upload_id))
    return counts


def _file(session: Session, upload: PeopleImport, by: str) -> ImportFile:
    path = path_of(upload)
    account, place = find_account(session, by), workspace(session)
    return ImportFile(
        path=path,
        name=upload.filename,
        form=form_of(upload),
        rejected=path.with_suffix(".rejected.csv"),
        permission=stored_permission(upload.permission),
        zone=(account and account.time_zone) or (place.time_zone if place else "UTC"),
        locale=(account and closest(account.locale)) or "en",
    )


def _unless_imported(upload_id: int) -> Update:
    return update(PeopleImport).where(PeopleImport.id == upload_id, PeopleImport.state != IMPORTED)


def _outcome(state: str, counts: Counts, rejected: Path, at: datetime | None) -> dict[str, object]:
    kept = str(rejected) if counts.rejected and rejected.exists() else None
    return {"state": state, "counts": asdict(counts), "rejected_path": kept, "finished_at": at}


def _clear_away(session: Session, upload: PeopleImport) -> None:
    if upload.path is not None:
        Path(upload.path).unlink(missing_ok=True)
        session.execute(update(PeopleImport).where(PeopleImport.id == upload.id).values(path=None))


def _tell(run: JobRun, counts: Counts, *, dry_run: bool) -> None:
    checked = N_("Checked: %(new)s people are new, %(changed)s change; %(rejected)s rows can't go in.")
    done = N_("%(new)s people are new, %(changed)s changed; %(rejected)s rows didn't go in.")
    run.tell(checked if dry_run else done, new=counts.new, changed=counts.changed, rejected=counts.rejected)
