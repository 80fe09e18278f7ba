"""Begins hold-outs of channels on their day, and reads them when all that counts is in."""

from growth.locales import N_
from growth.measurement.holdouts import running
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Read hold-outs"),
    does=N_("Begins hold-outs of channels on their day, and when they are over tells what the channel truly caused."),
    when=Every(minutes=30),
    missed="once",
)
def read_holdouts(run: JobRun) -> None:
    """Begin, then look; each is looked at under its lock, so that it is read once."""
    begun = run.in_chunks(running.begin_due, 20)
    read = run.in_chunks(running.look_at_next, 1)
    if begun:
        run.tell(N_("Hold-outs begun: %(number)s."), number=begun)
    if read:
        run.tell(N_("Hold-outs read: %(number)s."), number=read)
