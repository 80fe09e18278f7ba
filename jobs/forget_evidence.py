"""Forgets the evidence of permissions that ended so long ago that nobody may ask for it any more."""

from growth.locales import N_
from growth.people.permission import evidence
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Forget evidence"),
    does=N_("Takes page and network off permissions that ended years ago; how many, the law of each country says."),
    when=Daily("04:25"),
    missed="once",
)
def forget_evidence(run: JobRun) -> None:
    """A thousand facts a step."""
    facts, confirmations = run.in_chunks(evidence.forget), run.in_chunks(evidence.forget_confirmations)
    if facts or confirmations:
        sentence = N_("Evidence of %(facts)s permissions and %(confirmations)s confirmations was forgotten.")
        run.tell(sentence, facts=facts, confirmations=confirmations)
