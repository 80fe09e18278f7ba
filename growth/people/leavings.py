"""What signing in leaves behind and nobody needs any more: failed attempts and ended sessions."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from growth.people.accounts import SignInAttempt, WebSession
from growth.people.sign_in import WINDOW
from growth.scheduling.run import Step


def forget_attempts(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Delete up to `size` failed sign-ins that no limit counts any more; the oldest ids are the oldest attempts."""
    page = select(SignInAttempt.id, SignInAttempt.at).where(SignInAttempt.id > (after or 0))
    found = session.execute(page.order_by(SignInAttempt.id).limit(size)).all()
    old = [attempt_id for attempt_id, at in found if at < now - WINDOW]
    session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(old)))
    return Step(len(old), found[-1].id if len(found) == size and old else None)


def forget_sessions(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Delete up to `size` sessions that have ended."""
    ended = select(WebSession.token_hash).where(WebSession.expires_at < now).limit(size)
    gone = session.execute(delete(WebSession).where(WebSession.token_hash.in_(ended)).returning(WebSession.account_id))
    done = len(gone.all())
    return Step(done, (after or 0) + 1 if done == size else None)
