"""Learns every day what would be lost without each channel, where that is how credit is given."""

from datetime import timedelta

from growth.attribution.channels import SIDES, labels
from growth.locales import N_
from growth.scheduling.declare import Daily, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Learn channel effects"),
    does=N_("Learns from the last 90 days what would be lost without each channel, where the Markov model counts."),
    when=Daily("04:40"),
    missed="once",
    grace=timedelta(hours=12),
    own_process=True,
)
def learn_channel_effects(run: JobRun) -> None:
    """A side in a transaction; a channel whose share moved far is told."""
    from growth.attribution.relearning import relearn  # noqa: PLC0415 - heavy: only its own process pays

    for side in SIDES:
        with run.transaction() as session:
            learnt = relearn(session, side, run.now())
            if learnt is None:
                continue
            run.tell(N_("Effects learnt anew: version %(number)s."), number=learnt.number)
            for channel, (before, now) in learnt.moves.items():
                run.tell(
                    N_("%(channel)s: %(before)s %% of the credit before, %(now)s %% now."), level="warning",
                    channel=labels(side).get(channel, channel), before=round(100 * before), now=round(100 * now),
                )  # fmt: skip
