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
ACTIONS = {
    "set up": N_("Set up"),
    "settings": N_("Changed settings"),
    "invite": N_("Invited"),
    "roles": N_("Changed roles"),
    "password link": N_("Made a password link"),
    "password set": N_("Set the password"),
    "close account": N_("Closed the account"),
    "open account": N_("Opened the account"),
    "consent": N_("Recorded consent"),
    "suppress": N_("Stopped e-mails to people"),
    "people.import": N_("Imported people"),
    "people.export": N_("Exported people"),
    "leads.import": N_("Imported leads"),
    "spend import": N_("Imported costs"),
    "rates import": N_("Imported exchange rates"),
    "cost entered": N_("Entered a cost"),
    "cost corrected": N_("Corrected a cost"),
    "hours entered": N_("Entered a rep's hours"),
    "costs.export": N_("Exported costs"),
    "price change": N_("Changed a price"),
    "budget change": N_("Changed a budget"),
    "promote model": N_("Promoted a model"),
    "run job": N_("Started a job"),
    "retry job": N_("Tried a run again"),
    "pause job": N_("Paused a job"),
    "resume job": N_("Resumed a job"),
    "job schedule": N_("Changed a schedule"),
    "schedule campaign": N_("Scheduled a campaign"),
    "take back campaign": N_("Took back a campaign"),
    "pause campaign": N_("Paused a campaign"),
    "resume campaign": N_("Resumed a campaign"),
    "cancel campaign": N_("Cancelled a campaign"),
    "delete campaign": N_("Deleted a campaign"),
    "report link made": N_("Shared a report by a link"),
    "report link revoked": N_("Took back a link to a report"),
    "report made again": N_("Made a report again"),
    "report sent": N_("Sent a report by e-mail"),
}
"""What the entries' words are on the page; a word that is not here is shown as it is."""


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
    return render(request, "audit_log.html", entries=entries[:PAGE], older=older, action=action, words=ACTIONS)
