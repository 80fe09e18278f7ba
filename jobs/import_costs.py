"""Brings in a file of costs, or of currency rates, that was uploaded."""

from growth.attribution.channels import SIDES, labels
from growth.locales import N_
from growth.scheduling.declare import Retries, job
from growth.scheduling.run import JobRun
from growth.spend.uploaded import work_on


@job(
    name=N_("Import costs or rates"),
    does=N_("Brings in an uploaded file of costs, or of currency rates."),
    when=None,
    started=N_("When such a file is uploaded"),
    one_at_a_time=False,
    retries=Retries(first=5),
)
def import_costs(run: JobRun) -> None:
    """One transaction, whatever the file's size."""
    work_on(run, {side: labels(side) for side in SIDES})
