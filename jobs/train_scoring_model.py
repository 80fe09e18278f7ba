"""Learns every night from leads whose end is known by now."""

from datetime import timedelta

from growth.locales import N_
from growth.scheduling.declare import Daily, job
from growth.scheduling.firing import fire
from growth.scheduling.run import JobRun


@job(
    name=N_("Train scoring model"),
    does=N_("Learns which leads are won, and promotes the new model only if it beats the champion on later leads."),
    when=Daily("03:30"),
    missed="once",
    grace=timedelta(hours=3),
    own_process=True,
)
def train_scoring_model(run: JobRun) -> None:
    """Read, learn without holding a transaction, keep."""
    from growth.scoring.retraining import keep, learn, read  # noqa: PLC0415 - heavy: only its own process pays
    from growth.scoring.target import SELLER_WON_90D  # noqa: PLC0415 - heavy: only its own process pays

    with run.transaction() as session:
        examples, champion = read(session, SELLER_WON_90D, run.now())
    learnt = learn(SELLER_WON_90D, examples, champion)
    with run.transaction() as session:
        decision = keep(session, SELLER_WON_90D, learnt, champion, run.now())
        if decision.promoted or champion is None:
            fire(session, "score_leads", due_at=run.now(), fired_by="train_scoring_model")
    run.tell(decision.message, **decision.values)
