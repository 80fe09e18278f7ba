"""Signing in: throttled attempts, and sessions of which only a hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from growth.keyring import keyring
from growth.people.accounts import Account, SignInAttempt, WebSession
from growth.people.passwords import matches
from growth.people.staff import find_account

LASTS_UNUSED = timedelta(days=14)
LASTS_AT_MOST = timedelta(days=90)
_TOUCH_EVERY = timedelta(minutes=5)

WINDOW = timedelta(minutes=15)
# Failures within the window. The pair is tight; the account alone is loose, so that a stranger can't lock somebody out.
LIMITS = {"pair": 6, "client": 40, "account": 100}


@dataclass(frozen=True)
class SignIn:
    """The outcome of an attempt: a session's token, or None, with the wait before the next try if there is one."""

    token: str | None
    wait: timedelta | None = None


def sign_in(session: Session, email: str, password: str, client: str, now: datetime) -> SignIn:
    """One attempt from the network address `client`. Failures are recorded; commit either way."""
    keys = _attempt_keys(email, client)
    if wait := wait_needed(_failures(session, keys, now), now):
        return SignIn(None, wait)
    account = find_account(session, email)
    if not matches(account, password):
        session.add_all(SignInAttempt(key=key, at=now) for key in keys.values())
        return SignIn(None)
    assert account is not None
    session.execute(delete(SignInAttempt).where(SignInAttempt.key == keys["pair"]))
    return SignIn(open_session(session, account.id, now))


def wait_needed(failures: dict[str, tuple[int, datetime | None]], now: datetime) -> timedelta | None:
    """How long to wait, from the count of failures in the window and the oldest of them, by kind of limit."""
    waits = [
        oldest + WINDOW - now
        for kind, (count, oldest) in failures.items()
        if oldest is not None and count >= LIMITS[kind] and oldest + WINDOW > now
    ]
    return max(waits, default=None)


def _attempt_keys(email: str, client: str) -> dict[str, bytes]:
    address = email.strip().lower()
    values = {"pair": f"{address}\n{client}", "client": client, "account": address}
    return {kind: keyring().keyed_hash(f"attempt {kind}", value) for kind, value in values.items()}


def _failures(session: Session, keys: dict[str, bytes], now: datetime) -> dict[str, tuple[int, datetime | None]]:
    found = select(SignInAttempt.key, func.count(), func.min(SignInAttempt.at)).group_by(SignInAttempt.key)
    rows = session.execute(found.where(SignInAttempt.key.in_(keys.values()), SignInAttempt.at > now - WINDOW))
    by_key = {key: (count, oldest) for key, count, oldest in rows}
    return {kind: by_key.get(key, (0, None)) for kind, key in keys.items()}


def token_hash(token: str) -> bytes:
    """What is kept of a session's token (256 random bits, so a plain SHA-256 will do)."""
    return hashlib.sha256(token.encode()).digest()


def open_session(session: Session, account_id: int, now: datetime) -> str:
    """A new session's token; the caller gives it to the browser."""
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_hash=token_hash(token),
            account_id=account_id,
            created_at=now,
            seen_at=now,
            expires_at=now + LASTS_UNUSED,
        )
    )
    session.flush()
    return token


def account_of_session(session: Session, token: str, now: datetime) -> Account | None:
    """Who is signed in with this token; being seen prolongs the session up to its longest."""
    found = (
        select(Account, WebSession)
        .join(WebSession, WebSession.account_id == Account.id)
        .where(WebSession.token_hash == token_hash(token), WebSession.expires_at > now, Account.disabled_at.is_(None))
    )
    row = session.execute(found).one_or_none()
    if row is None:
        return None
    account, browser = row
    if now - browser.seen_at > _TOUCH_EVERY:
        until = min(now + LASTS_UNUSED, browser.created_at + LASTS_AT_MOST)
        seen = update(WebSession).where(WebSession.token_hash == browser.token_hash)
        session.execute(seen.values(seen_at=now, expires_at=until), execution_options={"synchronize_session": False})
    return account


def close_session(session: Session, token: str) -> None:
    """Sign this browser out."""
    session.execute(delete(WebSession).where(WebSession.token_hash == token_hash(token)))


def close_all_sessions(session: Session, account_id: int) -> None:
    """Sign an account out everywhere."""
    session.execute(delete(WebSession).where(WebSession.account_id == account_id))
