"""The machine's clock: whether somebody moved it lately."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from growth.campaigns.sending.clock_watch import in_words, moved_lately
from growth.clock import Clock
from growth.running.doctor.finding import Finding, State


def check(session: Session, clock: Clock) -> Iterator[Finding]:
    """A finding when the clock was moved within a day."""
    found = moved_lately(session, clock.now())
    if found is not None:
        trouble = in_words(found.moved_by or 0)
        yield Finding("clock", State.WARNING, trouble.sentence, trouble.remedy, trouble.values)
