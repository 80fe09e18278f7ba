"""The audit log: who changed money, consent, roles or live advertising. Append-only and chained by hash."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from growth.database.base import Id, Record


class AuditEntry(Record):
    """One change. `digest` covers the entry and the digest before it, so that a gap or an edit shows."""

    __tablename__ = "audit_log"

    id: Mapped[Id]
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    digest: Mapped[bytes]


_CHAIN_LOCK = 7310_0001


def audit(
    session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any], now: datetime
) -> AuditEntry:
    """Append an entry in the caller's transaction. Writers queue on one lock until that transaction ends."""
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    before = session.scalar(select(AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)) or b""
    entry = AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=dict(detail), digest=b"")
    entry.digest = chained(before, entry)
    session.add(entry)
    session.flush()
    return entry


def chained(before: bytes, entry: AuditEntry) -> bytes:
    """SHA-256 over the digest before and this entry's own fields."""
    fields = [entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.detail]
    return hashlib.sha256(before + orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).digest()
