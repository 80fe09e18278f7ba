"""Gives every open lead its probability to be won, with reasons."""

from growth.locales import N_
from growth.scheduling.declare import Hourly, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Score leads"),
    does=N_("Gives every open lead its probability to be won, and the reasons for it."),
    when=Hourly(5),
    missed="once",
    own_process=True,
)
def score_leads(run: JobRun) -> None:
    """A thousand leads a step."""
    from growth.scoring.ranking import score_open  # noqa: PLC0415 - heavy: only the run's own process pays for it

    done = run.in_chunks(score_open, size=1000)
    run.tell(N_("%(leads)s open leads have a score."), leads=done)
