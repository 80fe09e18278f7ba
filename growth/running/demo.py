"""The demo: when there is one, what its processes are told, and that no real provider can be reached from it."""

from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import Engine

from growth.database.engine import transaction
from growth.database.workspace import workspace
from growth.errors import ConflictError, RefusedError
from growth.locales import N_
from growth.sandbox.keys import SENDGRID_KEY


class Mode(StrEnum):
    """What an installation holds."""

    DEMO = "demo"
    EMPTY = "empty"
    REAL = "real"


def mode_of(engine: Engine) -> Mode:
    """What is in the database now."""
    with transaction(engine) as session:
        found = workspace(session)
        if found is None:
            return Mode.EMPTY
        return Mode.DEMO if found.demo else Mode.REAL


def decide(found: Mode, *, wants_demo: bool) -> Mode:
    """What to start. A product that was set up for real never gets sample data, nor a demo a real provider.

    Raises ConflictError when the demo is there and unwanted.
    """
    if found is Mode.DEMO and not wants_demo:
        raise ConflictError(
            N_("The demo lives here, so there is no starting without it."),
            remedy=N_("Give another folder with --home, or another database with GROWTH_DATABASE_URL."),
        )
    return Mode.DEMO if found is Mode.EMPTY and wants_demo else found


def environment(sandbox_port: int, webhook_key: str) -> dict[str, str]:
    """What the demo's processes have set, whatever was set before: only the sandbox can be reached."""
    return {
        "GROWTH_SENDGRID_URL": f"http://127.0.0.1:{sandbox_port}",
        "GROWTH_SENDGRID_API_KEY": SENDGRID_KEY,
        "GROWTH_SENDGRID_WEBHOOK_KEY": webhook_key,
        "GROWTH_SHOP_URL": "https://market.example",
    }


def check_provider(mode: Mode, sendgrid_url: str) -> None:
    """Raise RefusedError when a part started by itself on the demo's database could reach a real provider."""
    if mode is Mode.DEMO and not _on_this_machine(urlsplit(sendgrid_url).hostname or ""):
        raise RefusedError(
            N_("This database holds the demo, from which no real provider can be reached."),
            remedy=N_("Set GROWTH_SENDGRID_URL to the sandbox on this machine, or use another database."),
        )


def _on_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
