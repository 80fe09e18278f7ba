"""Addresses for sending. Consent is the query, not a check: the only way to one is the claim, and it asks."""

from typing import NamedTuple

from growth.keyring import keyring


class Addressee(NamedTuple):
    """Where one delivery goes."""

    delivery_id: int
    person_id: int
    email: str
    name: str | None


def addressee(delivery_id: int, person_id: int, name_sealed: bytes | None, sealed: bytes) -> Addressee:
    """Of what the claim gave. Raises PermanentError when it was sealed under another root key."""
    keys = keyring()
    return Addressee(delivery_id, person_id, keys.unseal(sealed), keys.unseal(name_sealed) if name_sealed else None)
