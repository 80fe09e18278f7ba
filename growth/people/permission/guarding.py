"""What keeps robots from forms, without anybody else's help: a stamp that says what was shown when, and a pace."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.errors import RefusedError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.permission.records import SignUpForm, SignUpPace
from growth.scheduling.run import Step

QUICKEST = timedelta(seconds=2)
"""Nobody reads a form and fills it in faster."""
LONGEST = timedelta(days=1)
WINDOW = timedelta(hours=1)
MOST_OF_NETWORK = 60
"""Sign-ups an hour from one network: a fair's hall shares one, a robot doesn't stop there."""
MOST_OF_ADDRESS = 5
"""Sign-ups an hour for one address."""
_HOST = re.compile(r"[a-z0-9.-]{1,253}|[0-9a-f:.]{2,45}")


class Verdict(StrEnum):
    """Whether what was sent can be what a person saw."""

    FINE = "fine"
    TOO_FAST = "too_fast"
    TOO_OLD = "too_old"
    CHANGED = "changed"
    """The form says something else by now."""


@dataclass(frozen=True)
class Shown:
    """What a visitor had before them: a form's version in a language, and when; never known of an embedded one."""

    form: str
    version: int
    locale: str
    at: datetime | None


def stamp(form: SignUpForm, locale: str, now: datetime | None) -> str:
    """The hidden field of a form that is shown now; without a moment that of a snippet, which serves for good."""
    at = str(int(now.timestamp())) if now else ""
    return keyring().sign("form", f"{form.key} {form.version} {locale} {at}")


def read_stamp(text: str) -> Shown:
    """What was stamped. Raises RefusedError."""
    form, version, locale, at = keyring().verify("form", text).split(" ")
    return Shown(form, int(version), locale, datetime.fromtimestamp(int(at), UTC) if at else None)


def judge(shown: Shown | None, form: SignUpForm, now: datetime, *, embedded: bool) -> Verdict:
    """Whether a submission can be taken as it is; otherwise the visitor is asked once more, and nothing is lost.

    An embedded form has no moment, since it stands on a page of others that growth doesn't make.
    """
    if shown is None or shown.form != form.key or (shown.at is None and not embedded):
        return Verdict.TOO_OLD
    if shown.version != form.version:
        return Verdict.CHANGED
    if shown.at is None:
        return Verdict.FINE
    if now - shown.at < QUICKEST:
        return Verdict.TOO_FAST
    return Verdict.TOO_OLD if now - shown.at > LONGEST else Verdict.FINE


def shown_or_none(text: str) -> Shown | None:
    """What was stamped, or None when it wasn't by us."""
    try:
        return read_stamp(text)
    except RefusedError:
        return None


def ip_prefix(host: str | None) -> str | None:
    """The network of an address, as kept for evidence: /24 of IPv4, /48 of IPv6; None for what is no address."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


def origin_of(origin: str | None, referer: str | None) -> str | None:
    """Scheme and host of the page that a form was sent from, as a browser says; None when it doesn't."""
    return clean_origin(origin) if origin is not None else clean_origin(referer)


def clean_origin(text: str | None) -> str | None:
    """`https://shop.example` of any address below it; None for what is no web address."""
    try:
        parts = urlsplit((text or "").strip())
        port = parts.port
    except ValueError:
        return None
    # What is kept stands in headers too, so nothing but a plain host gets through.
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.hostname or ""):
        return None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if port in {None, usual} else f"{parts.scheme}://{host}:{port}"


def may_embed(form: SignUpForm, origin: str | None) -> bool:
    """Whether a page of this origin may have the form on it."""
    return origin is not None and origin in form.origins


def check_embedding(form: SignUpForm, origin: str | None) -> None:
    """Raise RefusedError, in words for whoever put the form there, unless it may be there."""
    if not may_embed(form, origin):
        raise RefusedError(
            N_("This form was sent from a page that it doesn't belong to, so nothing was stored."),
            remedy=N_("Open the form's own page and send it there. Its owner can allow other sites in growth."),
        )


def spend(session: Session, kind: str, value: str, now: datetime) -> int:
    """Count a sign-up of a network or an address, and give how many there were in this hour.

    Only a keyed hash of it is kept, for two hours at most.
    """
    window = now.replace(minute=0, second=0, microsecond=0)
    row = insert(SignUpPace).values(hash=keyring().keyed_hash(f"pace {kind}", value), window=window, number=1)
    counted = row.on_conflict_do_update(
        index_elements=[SignUpPace.hash, SignUpPace.window], set_={"number": SignUpPace.number + 1}
    )
    number: int = session.scalars(counted.returning(SignUpPace.number)).one()
    return number


def forget_pace(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Remove the next `size` counts of hours that are over."""
    old = select(SignUpPace.hash).where(SignUpPace.window < now - 2 * WINDOW).order_by(SignUpPace.window).limit(size)
    gone = delete(SignUpPace).where(SignUpPace.hash.in_(old), SignUpPace.window < now - 2 * WINDOW)
    number = len(session.scalars(gone.returning(SignUpPace.hash)).all())
    return Step(done=number, next=number or None)
