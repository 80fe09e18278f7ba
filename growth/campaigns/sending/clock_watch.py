"""Whether somebody moved the clock: then nobody is sent anything at an hour that isn't the hour it seems to be.

Where the time moved on and the time that the machine has run didn't, the clock was set. A machine that slept has run
on, and nothing is wrong; of a machine that was started anew only that its clock is behind can be told.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.sending.records import ClockReading
from growth.campaigns.sending.stopping import Trouble, stop_all
from growth.clock import Clock, Running
from growth.locales import N_

LEAST = timedelta(minutes=5)
"""Less is put right by time servers every day, and harms nobody's quiet hours."""
LATELY = timedelta(days=1)
_KEPT = timedelta(days=30)

FORWARD = N_("The clock of this computer was put forward by %(minutes)s minutes.")
BACK = N_("The clock of this computer was put back by %(minutes)s minutes.")
REMEDY = N_("Check that its time is right, for example with “timedatectl”, then resume each campaign.")


def moved(before: ClockReading | None, latest: datetime | None, at: datetime, running: Running) -> timedelta:
    """By how much the clock was moved since it was last looked at, negative for back; zero when it wasn't.

    `before` is the last reading in this start of the machine; `latest` the latest moment of any other, which a machine
    that was just started can't be before.
    """
    if before is not None:
        step = (at - before.at) - timedelta(seconds=running.seconds - before.seconds)
    else:
        step = min(at - latest, timedelta()) if latest is not None else timedelta()
    return step if abs(step) > LEAST else timedelta()


def watch(session: Session, clock: Clock) -> Trouble | None:
    """Note what the clock says; when it was moved, pause what is being sent, once, and say so."""
    at, running = clock.now(), clock.running()
    before = session.get(ClockReading, running.start, with_for_update=True, populate_existing=True)
    latest = session.scalar(select(func.max(ClockReading.at)))
    step = moved(before, latest, at, running)
    values = {"at": at, "seconds": running.seconds}
    if step:
        values |= {"moved_at": at, "moved_by": round(step.total_seconds())}
    noted = insert(ClockReading).values(start=running.start, **values)
    session.execute(noted.on_conflict_do_update(index_elements=["start"], set_=values))
    if not step:
        session.execute(delete(ClockReading).where(ClockReading.at < at - _KEPT))
        return None
    trouble = in_words(round(step.total_seconds()))
    stop_all(session, trouble, at)
    return trouble


def moved_lately(session: Session, now: datetime) -> ClockReading | None:
    """The last machine whose clock was moved within a day."""
    lately = ClockReading.moved_at.between(now - LATELY, now + LATELY)
    return session.scalar(select(ClockReading).where(lately).order_by(ClockReading.moved_at.desc()).limit(1))


def in_words(seconds: int) -> Trouble:
    """What to tell of a clock that was moved by so many seconds."""
    sentence = FORWARD if seconds > 0 else BACK
    return Trouble(sentence, REMEDY, {"minutes": round(abs(seconds) / 60)})
