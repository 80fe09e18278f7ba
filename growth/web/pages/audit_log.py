"""The audit log: who changed what, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from growth.database.audit import AuditEntry
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import SessionDep, allow
from growth.web.navigation import NavEntry
from growth.web.rendering import render

router = APIRouter(prefix="/audit-log")
NAV = NavEntry(group=N_("Run"), label=N_("Audit log"), href="/audit-log", icon="history", order=50, roles=(Role.ADMIN,))
PAGE = 50


@router.get("", dependencies=[allow()])
def audit_log(
    request: Request,
    session: SessionDep,
    *,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    action: str = "",
) -> Response:
    """A page of entries, older than `before` when given, of one action when given."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    if action:
        wanted = wanted.where(AuditEntry.action == action.replace("\0", ""))
    entries = session.scalars(wanted).all()
    older = entries[PAGE - 1].id if len(entries) > PAGE else None
    return render(request, "audit_log.html", entries=entries[:PAGE], older=older, action=action)
