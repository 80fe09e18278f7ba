"""Setting the product up: the organisation and its first administrator, once."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.workspace import Workspace
from growth.errors import ConflictError, InvalidError
from growth.locales import N_
from growth.people.accounts import Account, Role
from growth.people.passwords import check_password, hashed
from growth.people.staff import checked_email, new_account

CURRENCIES = (
    "USD", "CNY", "EUR", "BRL", "RUB", "GBP", "JPY", "KRW", "INR", "HKD", "TWD", "SGD", "AUD", "CAD", "CHF",
    "KZT", "UAH", "BYN", "PLN", "TRY", "AED", "SAR", "ILS", "MXN", "CLP", "COP", "ARS", "ZAR", "NGN", "VND", "THB",
    "IDR", "MYR", "PHP", "SEK", "NOK", "DKK", "CZK", "HUF", "RON",
)  # fmt: skip
"""Currencies that reports can be in."""


def time_zones() -> list[str]:
    """Names of the zones of the IANA database that stand for a place, and UTC."""
    places = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
    return ["UTC", *sorted(zone for zone in available_timezones() if zone.partition("/")[0] in places)]


@dataclass(frozen=True)
class Organisation:
    """What an organisation says about itself."""

    name: str
    time_zone: str
    currency: str
    sender_name: str
    sender_email: str
    postal_address: str = ""

    def problems(self) -> dict[str, InvalidError]:
        """What is wrong, by field."""
        found = {}
        if not self.name.strip():
            found["organisation"] = InvalidError("organisation", N_("Say what your organisation is called."))
        if self.time_zone not in time_zones():
            found["time_zone"] = InvalidError("time_zone", N_("Choose a time zone of the list."))
        if self.currency not in CURRENCIES:
            found["currency"] = InvalidError("currency", N_("Choose a currency of the list."))
        if not self.sender_name.strip() or not self.sender_name.isprintable():
            found["sender_name"] = InvalidError("sender_name", N_("Say who messages come from."))
        try:
            checked_email(self.sender_email, "sender_email")
        except InvalidError as error:
            found["sender_email"] = error
        return found

    def columns(self) -> dict[str, str]:
        """As the workspace keeps it."""
        return {
            "name": self.name.strip()[:120],
            "time_zone": self.time_zone,
            "currency": self.currency,
            "sender_name": self.sender_name.strip()[:120],
            "sender_email": checked_email(self.sender_email, "sender_email"),
            "postal_address": self.postal_address.strip()[:500],
        }


@dataclass(frozen=True)
class Administrator:
    """The first account."""

    name: str
    email: str
    password: str

    def problems(self) -> dict[str, InvalidError]:
        """What is wrong, by field."""
        found = {}
        if not self.name.strip():
            found["name"] = InvalidError("name", N_("Say what to call you."))
        try:
            checked_email(self.email)
        except InvalidError as error:
            found["email"] = error
        try:
            check_password(self.password, email=self.email)
        except InvalidError as error:
            found["password"] = error
        return found


def set_up(session: Session, place: Organisation, admin: Administrator, now: datetime) -> Account:
    """The workspace and its administrator. Of two people at the same moment one wins, the other gets ConflictError."""
    row = insert(Workspace).values(id=1, set_up_at=now, **place.columns())
    made = session.scalar(row.on_conflict_do_nothing().returning(Workspace.id))
    if made is None:
        raise ConflictError(N_("This installation was set up already."), remedy=N_("Sign in instead."))
    account = new_account(
        session,
        email=admin.email,
        name=admin.name,
        roles=[Role.ADMIN],
        password_hash=hashed(admin.password),
        now=now,
    )
    audit(session, actor=account.email, action="set up", subject=place.name, detail=place.columns(), now=now)
    return account
