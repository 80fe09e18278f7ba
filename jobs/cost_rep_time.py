"""Counts every hour what the work that sales reps logged cost, where an hour has a price."""

from datetime import date

from growth.locales import N_
from growth.measurement.rep_time import cost_rep_time as count_costs
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Count the cost of reps' time"),
    does=N_("Keeps what the work that reps logged in the last days cost, at the price of an hour."),
    when=Hourly(20),
    missed="once",
)
def cost_rep_time(run: JobRun) -> None:
    """Count, in one transaction; the same work again changes nothing. A new price says since when."""
    since = date.fromisoformat(run.args["since"]) if run.args.get("since") else None
    with run.transaction() as session:
        changed = count_costs(session, run.now(), since)
        if changed:
            run.tell(N_("Lines of cost that are new or different: %(lines)s."), lines=changed)
