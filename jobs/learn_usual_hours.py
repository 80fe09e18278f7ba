"""Learns at which hour each person usually opens their messages."""

from growth.campaigns.sending import usual
from growth.locales import N_
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Learn usual hours"),
    does=N_("Learns at which hour people usually open, for campaigns that reach each person at theirs."),
    when=Daily("04:10"),
    missed="once",
)
def learn_usual_hours(run: JobRun) -> None:
    """A thousand people a step: those who opened something lately."""
    people = run.in_chunks(usual.learn, size=1000)
    with run.transaction() as session:
        countries = usual.sum_up(session)
    run.tell(
        N_("%(people)s people looked at; the hour of %(countries)s countries is known."),
        people=people,
        countries=countries,
    )
