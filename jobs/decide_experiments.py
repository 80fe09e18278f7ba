"""Looks at running experiments, decides those whose rule says so, and counts what campaigns truly caused."""

from growth.campaigns.experiments import effects, winners
from growth.locales import N_
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Decide experiments"),
    does=N_("Looks at running experiments, sends the winner to those who wait, and counts what campaigns caused."),
    when=Every(minutes=10),
    missed="once",
)
def decide_experiments(run: JobRun) -> None:
    """Look, then release: whoever still waits of a decided one is found again after any interruption."""
    decided = run.in_chunks(winners.look_at_next, 1)
    released = run.in_chunks(winners.release_next, 10_000)
    run.in_chunks(effects.count_effects, 1)
    if decided:
        run.tell(N_("Experiments decided: %(decided)s."), decided=decided)
    if released:
        run.tell(N_("%(people)s who waited get the winner."), people=released)
