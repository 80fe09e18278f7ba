"""Reports of the provider: whether we refused any lately."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.events.refused import refused_lately
from growth.locales import N_
from growth.running.doctor.finding import Finding, State


def check(session: Session, clock: Clock) -> Iterator[Finding]:
    """A finding when reports were refused and none was taken since."""
    found = refused_lately(session, "sendgrid", clock.now())
    if found is not None:
        yield Finding(
            "reports",
            State.FAILED,
            N_("SendGrid's reports are refused since they are signed with another key, last at %(at)s."),
            N_("Set GROWTH_SENDGRID_WEBHOOK_KEY to the key on SendGrid's page for signed event webhooks."),
            {"at": f"{found.at:%Y-%m-%d %H:%M} UTC"},
        )
