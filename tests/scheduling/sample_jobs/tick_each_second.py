"""A job every second, without anything to do."""

from growth.locales import N_
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(name=N_("Tick"), does=N_("Ticks."), when=Every(seconds=1), one_at_a_time=False)
def tick_each_second(run: JobRun) -> None:
    run.tell("Tick.")
