"""Passwords of our own staff: argon2id hashes, what a password must be, and one-time links to set one."""

import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from growth.errors import InvalidError, RefusedError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.accounts import Account

SHORTEST, LONGEST = 12, 200
LINK_LASTS = timedelta(days=3)

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# At most two at once, so that a burst of sign-ins can't take 19 MiB per thread.
_ROOM = BoundedSemaphore(2)


def check_password(password: str, *, email: str = "") -> None:
    """Raise InvalidError (field `password`) for one that is too short, too long or the address itself."""
    if len(password) < SHORTEST:
        raise InvalidError("password", N_("Use at least %(count)s characters. A sentence is easiest."), count=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidError("password", N_("Use at most %(count)s characters."), count=LONGEST)
    if password.strip().lower() in {email.lower(), email.lower().partition("@")[0]} or len(set(password)) < 4:
        raise InvalidError("password", N_("This password is easy to guess. Use a sentence of your own."))


def hashed(password: str) -> str:
    """The argon2id hash to keep."""
    with _ROOM:
        return _HASHER.hash(password)


def no_password() -> str:
    """What stands in for a hash until somebody has chosen a password; nothing verifies against it."""
    return f"!{secrets.token_urlsafe(16)}"


@lru_cache
def _nobody() -> str:
    return hashed(secrets.token_urlsafe(16))


def matches(account: Account | None, password: str) -> bool:
    """Whether it is the account's password; takes as long for an unknown account as for a known one."""
    kept = account.password_hash if account is not None and account.disabled_at is None else _nobody()
    try:
        with _ROOM:
            _HASHER.verify(kept if not kept.startswith("!") else _nobody(), password[: LONGEST + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
    if account is None or kept != account.password_hash:
        return False
    if _HASHER.check_needs_rehash(kept):
        account.password_hash = hashed(password)
    return True


def password_link(account: Account, now: datetime) -> str:
    """The path of a page where this account sets its password: once, and within three days."""
    until = int((now + LINK_LASTS).timestamp())
    return f"/password?t={keyring().sign('password', f'{account.id}:{until}:{account.password_hash[-16:]}')}"


def account_of_link(session: Session, token: str, now: datetime) -> Account:
    """Whose link this is. Raises RefusedError when it was used, is too old or not ours."""
    number, until, ending = keyring().verify("password", token).split(":", 2)
    account = session.get(Account, int(number), with_for_update=True)
    if account is None or account.disabled_at or int(until) < now.timestamp() or account.password_hash[-16:] != ending:
        raise RefusedError(
            N_("This link was used already or is too old."), remedy=N_("Ask an administrator for a new one.")
        )
    return account
