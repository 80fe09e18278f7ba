"""The database: whether it answers, its version, its schema, its clock."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.migrate import OLDEST_POSTGRESQL, current, head, known, major_version
from growth.errors import GrowthError
from growth.locales import N_
from growth.people.root_key import check_key
from growth.running.doctor.finding import Finding, State

NOTICEABLE = timedelta(seconds=2)
HARMFUL = timedelta(seconds=30)
"""Differences between two clocks above which moments come out of order, and links or hooks are refused."""


def missing(error: Exception) -> Finding:
    """There is no database to look at."""
    return Finding("database", State.FAILED, "%(words)s", values={"words": str(error)})


def version(session: Session) -> Finding:
    """Whether PostgreSQL is new enough."""
    return judge_version(major_version(session.connection()))


def judge_version(major: int) -> Finding:
    """PostgreSQL `major` against the oldest we work with."""
    values = {"found": major, "needed": OLDEST_POSTGRESQL}
    if major >= OLDEST_POSTGRESQL:
        return Finding("database", State.OK, N_("PostgreSQL %(found)s answers."), values=values)
    return Finding(
        "database",
        State.FAILED,
        N_("PostgreSQL is version %(found)s; growth needs %(needed)s."),
        N_("Upgrade that server, or point GROWTH_DATABASE_URL at a newer one."),
        values,
    )


def revision(session: Session) -> Finding:
    """Whether the schema is the one this program works with."""
    return judge_revision(current(session.connection()), head(), known())


def judge_revision(found: str | None, needed: str, every: set[str]) -> Finding:
    """The revision `found`, None for an empty database, against the one needed and `every` one we know."""
    values = {"found": found or "0000", "needed": needed}
    if found == needed:
        return Finding("migrations", State.OK, N_("The schema is at revision %(found)s."), values=values)
    if found is not None and found not in every:
        return Finding(
            "migrations",
            State.FAILED,
            N_("The schema is at revision %(found)s, which this version has never heard of."),
            N_("Start the newer version of growth it was made with."),
            values,
        )
    return Finding(
        "migrations",
        State.FAILED,
        N_("The schema is at revision %(found)s; %(needed)s is needed."),
        N_("Type “growth migrate”."),
        values,
    )


def key(session: Session) -> Finding:
    """Whether stored addresses can be read with our key."""
    try:
        check_key(session)
    except GrowthError as error:
        return Finding("key", State.FAILED, error.message, error.remedy or "", error.values)
    return Finding("key", State.OK, N_("The key fits what is stored."))


def clock(session: Session, ours: Clock) -> Finding:
    """This machine's clock against the database server's."""
    before = ours.now()
    theirs: datetime = session.execute(text("select clock_timestamp()")).scalar_one()
    after = ours.now()
    return judge_clock(theirs - (before + (after - before) / 2), N_("the database server"))


def judge_clock(ahead: timedelta, whose: str) -> Finding:
    """How far another clock is ahead of ours, or behind when negative."""
    values = {"seconds": f"{abs(ahead.total_seconds()):.1f}", "whose": whose}
    if abs(ahead) <= NOTICEABLE:
        return Finding("clock", State.OK, N_("The clock agrees with that of %(whose)s."), values=values)
    return Finding(
        "clock",
        State.FAILED if abs(ahead) > HARMFUL else State.WARNING,
        N_("The clock is %(seconds)s seconds behind that of %(whose)s.")
        if ahead > timedelta()
        else N_("The clock is %(seconds)s seconds ahead of that of %(whose)s."),
        N_("Set both by NTP, for example with “timedatectl set-ntp true”."),
        values,
    )
