"""`POST /hooks/sendgrid`: what became of our messages, signed by SendGrid."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request

from growth.campaigns.email import feedback
from growth.campaigns.email.recipients import recipients
from growth.campaigns.letters import feedback as letters
from growth.database.engine import transaction
from growth.errors import InvalidError, RefusedError
from growth.events.ingest import ingest
from growth.events.refused import note_refusal, taken
from growth.locales import N_
from growth.scheduling.doing import in_words
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, public
from growth.web.api.bodies import RawBody, read_json
from growth.web.hooks.sendgrid_events import delivery_of, read_events, read_letters
from growth.web.hooks.sendgrid_signature import SIGNATURE, TIMESTAMP, check_signature
from growth.web.rendering import said

router = APIRouter()
SOURCE = "sendgrid"


@router.post("/hooks/sendgrid", dependencies=[public(cross_site=True)])
def sendgrid(request: Request, session: SessionDep, clock: ClockDep, body: RawBody) -> dict[str, Any]:
    """Store a batch and tell the campaigns, in one transaction that is committed before the answer.

    Answers how many events were new, known before, none of ours, and unreadable; the same batch again changes nothing.
    """
    _check_signed(request, clock.now(), body)
    taken(session, SOURCE)
    batch = read_json(body)
    if not isinstance(batch, list):
        raise InvalidError("events", N_("SendGrid sends a list of events."))
    known = recipients(session, {delivery for sent in batch if (delivery := delivery_of(sent))})
    events, refused = read_events(batch, known)
    stored = ingest(session, [event for _, event in events], clock.now())
    feedback.apply(session, stored.accepted, clock.now())
    of_letters = letters.apply(session, read_letters(batch), clock.now())
    refused += [(events[index][0], problem) for index, problem in stored.refused]
    return {
        "accepted": len(stored.accepted) + of_letters,
        "repeated": stored.repeated,
        "ignored": len(batch) - len(events) - of_letters - (len(refused) - len(stored.refused)),
        "refused": [
            {"position": place, "field": problem.field, "error": said(request, problem.message, **problem.values)}
            for place, problem in sorted(refused, key=lambda one: one[0])
        ],
    }


def _check_signed(request: Request, now: datetime, body: bytes) -> None:
    """Raise RefusedError unless SendGrid signed it, and remember that, since the answer's own transaction is lost."""
    headers = request.headers
    try:
        check_signature(settings().sendgrid_webhook_key, headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, ""), body)
    except RefusedError as error:
        if SIGNATURE in headers:  # without one it is a stranger, not a provider with another key
            with transaction(request.app.state.engine) as session:
                note_refusal(session, SOURCE, in_words(error), now)
        raise
