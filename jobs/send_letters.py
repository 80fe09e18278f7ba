"""Sends letters, single messages such as confirmations: as soon as one is posted, and each minute the rest."""

from growth.campaigns.email.provider import email_provider
from growth.campaigns.letters import sending
from growth.locales import N_
from growth.scheduling.declare import Every, Retries, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Send letters"),
    does=N_("Sends single messages, such as the ones by which people confirm their address."),
    when=Every(minutes=1),
    one_at_a_time=False,
    missed="once",
    retries=Retries(first=15, longest=300),
)
def send_letters(run: JobRun) -> None:
    """Settle what is in doubt, then send."""
    with run.transaction() as session:
        again = sending.settle(session, run.now())
        if again:
            run.tell(N_("Letters in doubt that left no trace and are sent again: %(letters)s."), letters=again)
        waiting = sending.anything_planned(session)
    if waiting and (taken := sending.send_all(run, email_provider())):
        run.tell(N_("Letters sent: %(letters)s."), letters=taken)
