"""Gives channels their credit for what happened since the last run, and counts the days again that changed by it."""

from growth.attribution.adopting import recount
from growth.attribution.crediting import credit
from growth.attribution.retelling import retell
from growth.locales import N_
from growth.measurement.by_campaign.counting import count_campaigns
from growth.measurement.funnels.walking import walk
from growth.measurement.rolling_up import roll_up
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Credit channels"),
    does=N_(
        "Finds out which channel each registration, order and shop opening came from, and brings reports up to date."
    ),
    when=Every(minutes=1),
    missed="once",
)
def credit_channels(run: JobRun) -> None:
    """A thousand events a step, then what new rules and an adoption concern, then thirty days a step."""
    events = run.in_chunks(credit, size=1000)
    retold = run.in_chunks(retell, size=1000)
    recounted = run.in_chunks(recount, size=1000)
    days = run.in_chunks(roll_up, size=30)
    run.in_chunks(count_campaigns, size=30)
    run.in_chunks(walk, size=1000)
    if retold:
        run.tell(N_("Contacts of earlier days told by the new rules: %(contacts)s."), contacts=retold)
    if recounted:
        run.tell(N_("Credited anew by the model adopted: %(conversions)s."), conversions=recounted)
    if events or days:
        run.tell(N_("New events read: %(events)s. Days counted again: %(days)s."), events=events, days=days)
