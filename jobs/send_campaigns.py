"""Begins campaigns whose time has come, and goes on with those that were interrupted."""

from growth.campaigns import running
from growth.campaigns.sending import clock_watch, guarding, pace, unheard
from growth.locales import N_
from growth.scheduling.declare import Every, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Send campaigns"),
    does=N_("Begins campaigns whose time has come, and goes on with those that were interrupted."),
    when=Every(minutes=1),
    missed="once",
)
def send_campaigns(run: JobRun) -> None:
    """Begin, then look after; each campaign is sent by a run of its own."""
    with run.transaction() as session:
        pace.forget(session, run.now())
        if guarding.guard(session, run.now()):
            run.tell(N_("Sending halted by itself, since too much came back."), level="warning")
        for trouble in (clock_watch.watch(session, run.clock), unheard.watch(session, run.now())):
            if trouble is not None:
                run.tell(trouble.sentence, level="warning", **trouble.values)
    with run.transaction() as session:
        begun, late = running.begin_due(session, run.now())
        if begun:
            run.tell(N_("Campaigns begun: %(begun)s."), begun=begun)
        for name in late:
            run.tell(N_("“%(name)s” was found too late and asks what to do."), level="warning", name=name)
    with run.transaction() as session:
        running.look_after(session, run.now())
