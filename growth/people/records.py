"""Records of people: person, organisation, identity, consent, suppression, import."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from growth.database.base import Id, Record


class Person(Record):
    """Somebody we know. A person may be a buyer and act for a seller: the side is on what they do."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_country_id", "country", "id"),
        Index("ix_person_locale_id", "locale", "id"),
        Index("ix_person_created_at", "created_at"),
        Index("ix_person_time_zone", "time_zone", "id", postgresql_where=text("time_zone is not null")),
        # Only the language of the tag, as `growth.locales.closest` reads it.
        Index("ix_person_language", text("lower(split_part(replace(locale, '-', '_'), '_', 1))")),
    )

    id: Mapped[Id]
    name_sealed: Mapped[bytes | None]
    name_hash: Mapped[bytes | None]
    """Keyed hash of the name, only so that an import sees whether it changed."""
    locale: Mapped[str | None]
    """A language of ours (`en`, `ru`, `pt_BR`, `zh_CN`) or another BCP 47 tag as it was given."""
    country: Mapped[str | None]
    """ISO 3166-1 alpha-2."""
    time_zone: Mapped[str | None]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Organisation(Record):
    """A company, above all a seller."""

    __tablename__ = "organisation"
    __table_args__ = (Index("ix_organisation_kind", "kind"), Index("ix_organisation_province", "province"))

    id: Mapped[Id]
    legal_name: Mapped[str]
    names: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Names by script: {"zh": …, "latin": …}."""
    kind: Mapped[str | None]
    """manufacturer, trading or soho."""
    country: Mapped[str | None]
    province: Mapped[str | None]
    city: Mapped[str | None]
    credit_code: Mapped[str | None] = mapped_column(unique=True)
    """China's unified social credit code, 18 characters."""
    facts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Identity(Record):
    """A normalised address of a person or organisation: found by keyed hash, readable only when unsealed."""

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("kind", "hash"),
        CheckConstraint("num_nonnulls(person_id, organisation_id) = 1", name="one_owner"),
        Index("ix_identity_person_id", "person_id", "kind", postgresql_where=text("person_id is not null")),
        Index("ix_identity_organisation_id", "organisation_id", postgresql_where=text("organisation_id is not null")),
        Index("ix_identity_mailbox", "mailbox", postgresql_where=text("mailbox is not null")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    """email, phone, or the name of a source's own key such as `olist_mql`."""
    hash: Mapped[bytes]
    sealed: Mapped[bytes | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    receiver: Mapped[str | None]
    """Of an e-mail address, who takes it in: a large provider's name (`gmail`, `mail.ru`), else its domain."""
    trait: Mapped[str | None]
    """role (info@, sales@) or disposable; null for neither."""
    mailbox: Mapped[bytes | None]
    """Keyed hash of the plain form (without dots and tags where the provider ignores them), where that differs."""
    retired_at: Mapped[datetime | None]
    """Since when the person uses another address instead."""
    created_at: Mapped[datetime]


class IdentityChange(Record):
    """A join or split of identities (append), so that a merge can be undone."""

    __tablename__ = "identity_change"

    id: Mapped[Id]
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    person_before: Mapped[int | None]
    person_after: Mapped[int | None]
    reason: Mapped[str]


class ConsentFact(Record):
    """Something a person said about permission (append)."""

    __tablename__ = "consent_fact"
    __table_args__ = (
        Index("ix_consent_fact_person_id", "person_id", "id"),
        # Yes and no at one moment are two facts, so that what holds doesn't hang on which came first.
        UniqueConstraint("person_id", "purpose", "channel", "source", "at", "granted"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str]
    channel: Mapped[str]
    granted: Mapped[bool]
    basis: Mapped[str]
    """consent, contract, legitimate_interest (GDPR article 6 and its like), or withdrawal."""
    jurisdiction: Mapped[str]
    source: Mapped[str]
    wording: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    at: Mapped[datetime]
    """When the person said it."""
    recorded_at: Mapped[datetime]


class Consent(Record):
    """What a person's permission is now, kept in the same transaction as the facts; the latest `at` wins."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_granted", "purpose", "channel", "person_id", postgresql_where=text("granted")),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    basis: Mapped[str] = mapped_column(server_default="consent")
    """As in the fact; whether it is enough where the person lives is the law's (`growth.people.permission`)."""
    at: Mapped[datetime]


class Suppression(Record):
    """An address that must not be written to. No foreign key: it outlives erasure."""

    __tablename__ = "suppression"
    __table_args__ = (
        UniqueConstraint("channel", "hash", "scope"),
        Index("ix_suppression_reason", "reason", "id"),
    )

    id: Mapped[Id]
    channel: Mapped[str]
    hash: Mapped[bytes]
    """Keyed hash of the normalised address, as in `identity`."""
    scope: Mapped[str]
    """`all`, or the purpose it is limited to."""
    reason: Mapped[str]
    """unsubscribe, complaint, hard_bounce, soft_bounce, imported, erased, manual."""
    source: Mapped[str]
    at: Mapped[datetime]


class PeopleImport(Record):
    """One file brought in: what it was, how its columns were read, what became of its rows."""

    __tablename__ = "people_import"

    id: Mapped[Id]
    filename: Mapped[str]
    digest: Mapped[bytes]
    path: Mapped[str | None]
    """Where the uploaded file waits, below `<home>/imports`; gone after the import."""
    format: Mapped[dict[str, Any]]
    """{"encoding", "delimiter", "columns": {our field: their header}}."""
    permission: Mapped[dict[str, Any] | None]
    """Basis, source, wording and moment for the whole file, where the file has none per row."""
    state: Mapped[str]
    """uploaded → checked → imported | failed."""
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    rejected_path: Mapped[str | None]
    job_run_id: Mapped[int | None]
    """The run that checks the file or brings it in, of an upload."""
    by: Mapped[str]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
