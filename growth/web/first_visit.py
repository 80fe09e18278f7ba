"""Who may set the product up: somebody at this machine, or with the token printed where it was started."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from growth.keyring import keyring


def setup_token() -> str:
    """The token of this installation's key; worth nothing once it is set up."""
    return keyring().derived("first visit").hex()[:32]


def may_set_up(request: Request, token: str) -> bool:
    """Whether this visitor is at the machine itself, or has the token.

    Both the address and the Host header have to be loopback's: a proxy on this machine shows its own Host,
    and so does a foreign name that was pointed at 127.0.0.1.
    """
    if token and hmac.compare_digest(token.encode(), setup_token().encode()):
        return True
    here = request.client is not None and _loopback(request.client.host)
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return here and not forwarded and _loopback(_host(request.headers.get("host", "")))


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
