"""The pretend SendGrid's keys: the one it takes, and its pair for signed event webhooks, made once in the home."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SENDGRID_KEY = "SG.sandbox"
"""The API key it takes; the real one refuses it."""


def webhook_public_key(home: Path) -> str:
    """The public key as SendGrid's settings page shows it: base64 of its DER form, for GROWTH_SENDGRID_WEBHOOK_KEY."""
    return public_key_of(webhook_private_key(home))


def public_key_of(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half, in the same form."""
    return base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ).decode()


def webhook_private_key(home: Path) -> ec.EllipticCurvePrivateKey:
    """The private key (curve P-256). Two processes that make it at the same moment end with the same one."""
    path = home / "sandbox" / "webhook.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _keep(ec.generate_private_key(ec.SECP256R1()), path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def signature(key: ec.EllipticCurvePrivateKey, timestamp: str, payload: bytes) -> str:
    """What stands in X-Twilio-Email-Event-Webhook-Signature: ECDSA with SHA-256 over timestamp and raw body."""
    return base64.b64encode(key.sign(timestamp.encode() + payload, ec.ECDSA(SHA256()))).decode()


def _keep(key: ec.EllipticCurvePrivateKey, path: Path) -> None:
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    fresh.chmod(0o600)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
