"""Sends one campaign; fired by `send_campaigns` when its time has come, or to go on with it."""

from growth.campaigns.running import run_campaign
from growth.locales import N_
from growth.scheduling.declare import Retries, job
from growth.scheduling.run import JobRun


@job(
    name=N_("Send one campaign"),
    does=N_("Selects who gets the campaign, and sends it in parts of up to a thousand messages."),
    when=None,
    started=N_("When a campaign is due"),
    one_at_a_time=False,
    retries=Retries(times=30, first=15, longest=600),
)
def send_campaign(run: JobRun) -> None:
    """Select, then fan out."""
    run_campaign(run)
