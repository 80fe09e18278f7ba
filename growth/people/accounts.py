"""Our own users: accounts, their roles and sessions."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from growth.database.base import Id, Record


class Role(StrEnum):
    """What an account may do."""

    ADMIN = "admin"
    MANAGER = "manager"
    MARKETER = "marketer"
    REP = "rep"


class Account(Record):
    """Somebody who signs in."""

    __tablename__ = "account"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case; our own staff, so it is stored as it is."""
    name: Mapped[str]
    password_hash: Mapped[str]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    shortcuts: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    roles: Mapped[list["AccountRole"]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class AccountRole(Record):
    """A role an account has."""

    __tablename__ = "account_role"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class WebSession(Record):
    """A signed-in browser. Only the hash of its token is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInAttempt(Record):
    """A failed sign-in, by keyed hash of address and of client, for throttling; old rows are removed."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_key_at", "key", "at"),)

    id: Mapped[Id]
    key: Mapped[bytes]
    at: Mapped[datetime]
