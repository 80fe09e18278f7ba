"""`POST /hooks/sendgrid`: what became of our messages, signed by SendGrid."""

from typing import Any

from fastapi import APIRouter, Request

from growth.campaigns.email import feedback
from growth.campaigns.email.recipients import recipients
from growth.errors import InvalidError
from growth.events.ingest import ingest
from growth.locales import N_
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, public
from growth.web.api.bodies import RawBody, read_json
from growth.web.hooks.sendgrid_events import delivery_of, read_events
from growth.web.hooks.sendgrid_signature import SIGNATURE, TIMESTAMP, check_signature
from growth.web.rendering import said

router = APIRouter()


@router.post("/hooks/sendgrid", dependencies=[public(cross_site=True)])
def sendgrid(request: Request, session: SessionDep, clock: ClockDep, body: RawBody) -> dict[str, Any]:
    """Store a batch and tell the campaigns, in one transaction that is committed before the answer.

    Answers how many events were new, known before, none of ours, and unreadable; the same batch again changes nothing.
    """
    headers = request.headers
    check_signature(settings().sendgrid_webhook_key, headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, ""), body)
    batch = read_json(body)
    if not isinstance(batch, list):
        raise InvalidError("events", N_("SendGrid sends a list of events."))
    known = recipients(session, {delivery for sent in batch if (delivery := delivery_of(sent))})
    events, refused = read_events(batch, known)
    stored = ingest(session, [event for _, event in events], clock.now())
    feedback.apply(session, stored.accepted, clock.now())
    refused += [(events[index][0], problem) for index, problem in stored.refused]
    return {
        "accepted": len(stored.accepted),
        "repeated": stored.repeated,
        "ignored": len(batch) - len(events) - (len(refused) - len(stored.refused)),
        "refused": [
            {"position": place, "field": problem.field, "error": said(request, problem.message, **problem.values)}
            for place, problem in sorted(refused, key=lambda one: one[0])
        ],
    }
