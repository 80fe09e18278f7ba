"""Keys: one root, from which hashing, sealing and signing each get their own."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from growth.errors import PermanentError, RefusedError
from growth.locales import N_
from growth.settings import Settings, settings

_VERSION = b"\x01"
_SHORTEST = 32
NOT_OURS = N_("This link is not one of ours, or it was cut short.")
WHOLE_LINK = N_("Copy the whole link from the message, or use the one in a newer message.")

_TO_URL = bytes.maketrans(b"+/", b"-_")


def _encode(raw: bytes) -> str:
    # As `urlsafe_b64encode` without its padding, in a third of the time: each message has many signed links.
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode()


@lru_cache
def _cut(blocks: int) -> Callable[[str], tuple[str, ...]]:
    """Takes a text of 80 letters a block apart into those of 20."""
    return itemgetter(*(slice(first, first + 20) for first in range(0, 80 * blocks, 20)))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Keyring:
    """What one root key can do. Values sealed or hashed under another root can't be read or found."""

    root: bytes

    def derived(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), 32, salt=None, info=f"growth {purpose}".encode()).derive(self.root)

    @cached_property
    def _lookup(self) -> bytes:
        return self.derived("lookup")

    @cached_property
    def _signing(self) -> bytes:
        return self.derived("signing")

    @cached_property
    def _marking(self) -> "hashlib.blake2b":
        return hashlib.blake2b(key=self.derived("marking"), digest_size=60)

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.derived("sealing"))

    def keyed_hash(self, kind: str, value: str) -> bytes:
        """32 bytes by which a normalised value is found without being stored (HMAC-SHA256)."""
        return hmac.digest(self._lookup, f"{kind}\n{value}".encode(), "sha256")

    def seal(self, text: str) -> bytes:
        """`text` encrypted at rest (AES-256-GCM, random nonce, version byte first)."""
        nonce = os.urandom(12)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def unseal(self, sealed: bytes) -> str:
        """What was sealed. Raises PermanentError when the root key is not the one it was sealed under."""
        try:
            return self._cipher.decrypt(sealed[1:13], sealed[13:], None).decode()
        except InvalidTag:
            raise PermanentError(
                N_("A stored address can't be read with this key."),
                remedy=N_("Start with the GROWTH_SECRET_KEY or secret.key that it was stored under."),
            ) from None

    def sign(self, purpose: str, payload: str) -> str:
        """`payload` with a 16-byte signature, safe in a URL. The payload can be read by anyone."""
        body = _encode(payload.encode())
        return f"{body}.{_encode(self._mac(purpose, body))}"

    def verify(self, purpose: str, signed: str) -> str:
        """The payload of a signed text. Raises RefusedError when it was not signed by us for this purpose."""
        body, _, mac = signed.partition(".")
        try:
            # As text, since base64 has several spellings of the same bytes.
            genuine = hmac.compare_digest(mac.encode(), _encode(self._mac(purpose, body)).encode())
            if genuine:
                return _decode(body).decode()
        except ValueError:
            pass
        raise RefusedError(NOT_OURS, remedy=WHOLE_LINK)

    def marks(self, purpose: str, payload: str, blocks: Sequence[int]) -> tuple[str, ...]:
        """Four signatures of a payload for each block, each for another use, 15 bytes and safe in a URL.

        They are parts of long hashes, for who signs so much that one hash for each takes too long.
        """
        wide = b""
        for block in blocks:
            hashing = self._marking.copy()
            hashing.update(f"{purpose}\n{payload}\n{block}".encode())
            wide += hashing.digest()
        return _cut(len(blocks))(_encode(wide))

    def _mac(self, purpose: str, body: str) -> bytes:
        # BLAKE2b with a key (RFC 7693), a third of HMAC's time: each message has many signed links.
        return hashlib.blake2b(f"{purpose}\n{body}".encode(), key=self._signing, digest_size=16).digest()


def _root(config: Settings) -> bytes:
    if config.secret_key is not None:
        text = config.secret_key.get_secret_value()
        if len(text) < _SHORTEST:
            raise PermanentError(N_("GROWTH_SECRET_KEY is shorter than 32 characters."), remedy=N_("Use a longer one."))
        return hashlib.sha256(text.encode()).digest()
    return _kept(_place(config))


def _kept(path: Path) -> bytes:
    """The key in `path`, made there once. Two processes that start at the same moment end with the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        with fresh.open("w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())  # an empty one after a power cut would be the end of what it sealed
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return hashlib.sha256(_read(path)).digest()


def _read(path: Path) -> bytes:
    """The key's letters. Raises PermanentError for a file that was cut short or can't be read."""
    try:
        text = path.read_bytes().strip()
    except OSError as error:
        raise PermanentError(
            N_("The key in %(path)s can't be read: %(reason)s."),
            remedy=N_("Put it back from a backup: what is stored can't be read without it."),
            path=path.absolute(),
            reason=(error.strerror or str(error)).lower(),
        ) from error
    if len(text) < _SHORTEST or not text.isascii():
        raise PermanentError(
            N_("The key in %(path)s is damaged."),
            remedy=N_("Put it back from a backup: what is stored can't be read without it."),
            path=path.absolute(),
        )
    return text


def key_is_there() -> bool:
    """Whether there is a root key already, so that `keyring` won't make one."""
    config = settings()
    return config.secret_key is not None or _place(config).exists()


def _place(config: Settings) -> Path:
    return config.home / "secret.key"


@lru_cache
def keyring() -> Keyring:
    """The keys of this process, read once."""
    return Keyring(_root(settings()))
