"""The signature of SendGrid's event webhook: ECDSA on P-256 with SHA-256, over the timestamp and the raw body."""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from growth.errors import RefusedError
from growth.locales import N_

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


def check_signature(key: str | None, signature: str, timestamp: str, body: bytes) -> None:
    """Raise RefusedError unless whoever holds the private half of `key` signed this body.

    How old the timestamp is plays no part: SendGrid tries again for a day, and a replay stores nothing twice.
    """
    if not key:
        raise RefusedError(
            N_("Nothing is taken from SendGrid before its key is known."),
            remedy=N_("Set GROWTH_SENDGRID_WEBHOOK_KEY to the key on SendGrid's page for signed event webhooks."),
        )
    try:
        _public_key(key).verify(base64.b64decode(signature), timestamp.encode() + body, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise RefusedError(N_("This was not signed by SendGrid with the key that we know.")) from None


@lru_cache(maxsize=4)
def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text))
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise RefusedError(
            N_("GROWTH_SENDGRID_WEBHOOK_KEY is no key."),
            remedy=N_("Copy it from SendGrid's page for signed event webhooks."),
        )
    return key
