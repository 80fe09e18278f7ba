"""`growth doctor`: what is wrong with an installation, and how to put it right."""

from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.workspace import Workspace, workspace
from growth.errors import GrowthError
from growth.running.doctor import clocks, database, disk, dns, email, hooks, queue, wishes
from growth.running.doctor.finding import Finding, State
from growth.running.failures import in_words
from growth.settings import Settings

__all__ = ["Finding", "State", "examine"]


def examine(engine: Engine | GrowthError, config: Settings, clock: Clock) -> Iterator[Finding]:
    """Every check in turn. `engine` is the database, or why there is none; nothing is changed anywhere."""
    place: Workspace | None = None
    if isinstance(engine, GrowthError):
        yield database.missing(engine)
    else:
        try:
            with Session(engine) as session:
                found = list(_on_database(session, clock))
                place = workspace(session) if found[-1].check == "queue" else None
            yield from found
        except SQLAlchemyError as error:
            yield database.missing(in_words(error) or error)
    yield disk.check(config)
    demo = place is not None and place.demo
    yield from email.check(config, demo=demo, now=clock.now())
    yield from dns.check(place.sender_email if place is not None else "", demo=demo)


def _on_database(session: Session, clock: Clock) -> Iterator[Finding]:
    """The checks that ask the database; the last of them only where its schema is the one we know."""
    yield database.version(session)
    yield database.clock(session, clock)
    revision = database.revision(session)
    yield revision
    if revision.state is State.OK:
        yield database.key(session)
        yield from clocks.check(session, clock)
        yield from hooks.check(session, clock)
        yield from wishes.check(session, clock)
        yield queue.check(session)
