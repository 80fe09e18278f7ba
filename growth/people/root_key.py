"""Whether the root key of this process is the one that stored addresses were sealed under."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.errors import PermanentError
from growth.keyring import key_is_there, keyring
from growth.locales import N_
from growth.people.records import Identity


def check_key(session: Session) -> None:
    """Raise PermanentError when what is stored can't be read; a new key is only made where nothing is stored yet."""
    sealed = session.scalar(select(Identity.sealed).where(Identity.sealed.is_not(None)).limit(1))
    if sealed is None:
        return
    if not key_is_there():
        raise PermanentError(
            N_("The key that stored addresses can be read with is missing."),
            remedy=N_("Put secret.key back into the home folder from a backup, or set GROWTH_SECRET_KEY."),
        )
    keyring().unseal(sealed)
