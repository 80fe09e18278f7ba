"""Records of permission: lists, their members, sign-up forms, confirmations, preferences."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import THIS_TRANSACTION, Id, Record


class MailingList(Record):
    """A topic that people subscribe to, within one purpose of permission."""

    __tablename__ = "mailing_list"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    """As it stands in addresses and files: `product_news`."""
    side: Mapped[str]
    purpose: Mapped[str]
    """The purpose of permission it belongs to, such as `marketing`."""
    names: Mapped[dict[str, Any]]
    """What it is called, by locale; `en` is always there."""
    descriptions: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    public: Mapped[bool] = mapped_column(server_default="true")
    """Whether the preference centre shows it to those who aren't on it."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class ListMember(Record):
    """Somebody who subscribed to a list, or left it. No row: never asked, which is neither."""

    __tablename__ = "list_member"
    __table_args__ = (
        Index("ix_list_member_person", "person_id"),
        Index("ix_list_member_subscribed", "list_id", "person_id", postgresql_where=text("state = 'subscribed'")),
    )

    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    state: Mapped[str]
    """subscribed or left."""
    source: Mapped[str]
    at: Mapped[datetime]


class SignUpForm(Record):
    """A hosted form at `/f/{key}`, which other sites may embed."""

    __tablename__ = "sign_up_form"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    texts: Mapped[dict[str, Any]]
    """By locale: {"heading", "introduction", "wording", "button", "thanks"}; the wording is what people agree to."""
    asks_name: Mapped[bool] = mapped_column(server_default="false")
    asks_country: Mapped[bool] = mapped_column(server_default="false")
    thanks_url: Mapped[str | None]
    origins: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Origins of sites that may embed it, such as `https://shop.example`."""
    always_confirms: Mapped[bool] = mapped_column(server_default="true")
    """Double opt-in also where the law of a country would not ask for it."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class Confirmation(Record):
    """Something asked of an address that holds only once its owner has confirmed it."""

    __tablename__ = "confirmation"
    __table_args__ = (
        Index(
            "uq_confirmation_waiting",
            "kind",
            "email_hash",
            text("coalesce(list_id, 0)"),
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_confirmation_expires", "expires_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_confirmation_form", "form_id", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    """subscription: to a list; address: the new address of somebody known."""
    email_hash: Mapped[bytes]
    email_sealed: Mapped[bytes | None]
    """Taken away when it expires."""
    name_sealed: Mapped[bytes | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Of an address change; of a subscription once it is confirmed."""
    list_id: Mapped[int | None] = mapped_column(ForeignKey("mailing_list.id"))
    form_id: Mapped[int | None] = mapped_column(ForeignKey("sign_up_form.id"))
    locale: Mapped[str]
    country: Mapped[str | None]
    jurisdiction: Mapped[str]
    wording: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    """{"form", "form_version", "page", "ip_prefix", "asked_at"}, later {"confirmed_at", "confirmed_ip_prefix"}."""
    state: Mapped[str]
    """waiting → confirmed | expired."""
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    letters: Mapped[int] = mapped_column(server_default="0")
    last_letter_at: Mapped[datetime | None]


class Preference(Record):
    """How often somebody wants to hear from us, and until when not at all."""

    __tablename__ = "preference"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    most_per_week: Mapped[int | None]
    """Messages of all campaigns in seven days; null for as many as there are."""
    most_per_month: Mapped[int | None]
    """The same in thirty days; null likewise."""
    paused_until: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class SignUpPace(Record):
    """How often a network or an address was signed up in an hour, by keyed hash, so that robots are slowed down."""

    __tablename__ = "sign_up_pace"
    __table_args__ = (Index("ix_sign_up_pace_window", "window"),)

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    window: Mapped[datetime] = mapped_column(primary_key=True)
    number: Mapped[int]


class PermissionChange(Record):
    """Somebody of whom something changed that a permission to write rests on: people with ids in a row.

    Triggers append it, whoever writes: consent, lists, preferences, suppressions, addresses, country, erasure, rules.
    A campaign asks those again who were noted since it was selected (`growth.campaigns.email.claiming`).
    """

    __tablename__ = "permission_change"
    __table_args__ = (Index("ix_permission_change_xid", "xid"),)

    id: Mapped[Id]
    xid: Mapped[int] = mapped_column(server_default=THIS_TRANSACTION)
    """The transaction that changed it: whether a selection saw it can be told whenever either was committed."""
    first_person: Mapped[int]
    last_person: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
