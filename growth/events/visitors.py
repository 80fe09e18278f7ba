"""Visitors told apart without anything kept in their browser: by a secret that changes daily and is then forgotten."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import RefusedError
from growth.events.records import VisitorSalt
from growth.keyring import keyring
from growth.locales import N_
from growth.scheduling.run import Step

LINK_LIFE = timedelta(minutes=5)
"""How long a link from one of our sites to another carries its visitor along."""


def visitor_of_day(session: Session, network: str, agent: str, now: datetime) -> UUID:
    """The same for one browser in one network all day (UTC), on all our sites; nobody can tell it from the next day's.

    The salt is random and removed when its day is over, so that not even we can go back from an id to an address.
    """
    digest = hashlib.blake2b(f"{network}\n{agent}".encode(errors="replace"), key=_salt(session, now), digest_size=16)
    return UUID(bytes=digest.digest(), version=4)


def _salt(session: Session, now: datetime) -> bytes:
    day = now.astimezone(UTC).date()
    known = select(VisitorSalt.salt).where(VisitorSalt.day == day)
    found = session.scalar(known)
    if found is None:
        session.execute(insert(VisitorSalt).values(day=day, salt=secrets.token_bytes(32)).on_conflict_do_nothing())
        # Yesterday's may still be in use by a request that came before midnight; `forget_salts` has it next.
        session.execute(delete(VisitorSalt).where(VisitorSalt.day < day - timedelta(days=1)))
        found = session.scalars(known).one()
    return found


def forget_salts(session: Session, now: datetime, _after: object, _size: int) -> Step:
    """Remove the secrets of days that are over; there are two of them at most."""
    over = delete(VisitorSalt).where(VisitorSalt.day < now.astimezone(UTC).date())
    return Step(done=len(session.scalars(over.returning(VisitorSalt.day)).all()))


def sign_visitor(visitor: UUID, now: datetime) -> str:
    """What a link to another of our sites carries, so that the visitor is the same one there."""
    return keyring().sign("visitor", f"{visitor.hex}.{int(now.timestamp())}")


def read_visitor(signed: str, now: datetime) -> UUID:
    """Whom a link carries. Raises RefusedError when it isn't ours or is older than five minutes."""
    visitor, _, made = keyring().verify("visitor", signed).partition(".")
    age = now - datetime.fromtimestamp(int(made), UTC)
    if not timedelta(minutes=-1) <= age <= LINK_LIFE:
        raise RefusedError(N_("This link is older than five minutes."))
    return UUID(visitor)
