"""Unsubscriptions: whether any worked later than the law allows."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.locales import N_
from growth.people.permission.late_wishes import told_late, waiting_list
from growth.running.doctor.finding import Finding, State


def check(session: Session, clock: Clock) -> Iterator[Finding]:
    """A finding for withdrawals that reached us too late, and one for a list that wasn't brought in."""
    now = clock.now()
    if late := told_late(session, now):
        yield Finding(
            "unsubscriptions",
            State.WARNING,
            N_("%(number)s unsubscriptions of the last 30 days were told to growth later than the law allows."),
            N_("Have whoever hears of one record it the same day; see docs/permission.md."),
            {"number": late.total()},
        )
    if (since := waiting_list(session, now)) is not None:
        yield Finding(
            "unsubscriptions",
            State.FAILED,
            N_("A list of addresses that must not be written to waits since %(since)s."),
            N_("Look at “Import a list of addresses” under Jobs, and try it again."),
            {"since": f"{since:%Y-%m-%d %H:%M} UTC"},
        )
