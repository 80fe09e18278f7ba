"""Takes addresses off confirmations that nobody gave and off old letters, and forgets how often forms were sent."""

from growth.campaigns.letters import sending
from growth.locales import N_
from growth.people.permission import confirming, guarding, noticing
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Forget confirmations"),
    does=N_("Takes the address off confirmations that expired a week ago and off letters older than 30 days."),
    when=Hourly(20),
    missed="once",
)
def forget_confirmations(run: JobRun) -> None:
    """A thousand rows a step."""
    confirmations = run.in_chunks(confirming.forget)
    letters = run.in_chunks(sending.forget)
    run.in_chunks(guarding.forget_pace)
    with run.transaction() as session:
        noticing.forget(session, run.now())
    if confirmations or letters:
        sentence = N_("Addresses taken off %(confirmations)s confirmations and %(letters)s letters.")
        run.tell(sentence, confirmations=confirmations, letters=letters)
