"""Counts every hour what sending cost, where a thousand messages have a price."""

from datetime import date

from growth.campaigns.costing import cost_messages as count_costs
from growth.locales import N_
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Count the cost of messages"),
    does=N_("Keeps what the messages of the last days cost, by campaign, at the price of a thousand."),
    when=Hourly(10),
    missed="once",
)
def cost_messages(run: JobRun) -> None:
    """Count, in one transaction; the same messages again change nothing. A new price says since when."""
    since = date.fromisoformat(run.args["since"]) if run.args.get("since") else None
    with run.transaction() as session:
        changed = count_costs(session, run.now(), since)
        if changed:
            run.tell(N_("Lines of cost that are new or different: %(lines)s."), lines=changed)
