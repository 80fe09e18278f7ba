"""`POST /e/token`: a shop's server asks for the token by which its page says who has signed in."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request

from growth.database.engine import transaction
from growth.errors import InvalidError, RefusedError
from growth.events.links import sign_person
from growth.locales import N_
from growth.people.identity import Known, ensure_person
from growth.settings import settings
from growth.web.access import ClockDep, public
from growth.web.api.bodies import RawBody, read_json, unpacked
from growth.web.api.collector import shows_key

router = APIRouter()


@router.post("/e/token", dependencies=[public(cross_site=True)])
async def person_token(request: Request, body: RawBody, clock: ClockDep) -> dict[str, str]:
    """{"token"} for {"email"}; somebody unknown until now is made. Only with the collector's key."""
    if not shows_key(request):
        raise RefusedError(
            N_("Only a server that shows the collector's key is told."),
            remedy=N_("Send “Authorization: Bearer …” with what “growth events key” prints."),
        )
    sent = read_json(unpacked(body, request.headers.get("content-encoding", ""), settings().max_request_bytes))
    return await to_thread.run_sync(_signed, request, sent, clock)


def _signed(request: Request, sent: Any, clock: ClockDep) -> dict[str, str]:
    email = sent.get("email") if isinstance(sent, dict) else None
    if not isinstance(email, str):
        raise InvalidError("email", N_("Give the address of the one who has signed in."))
    now = clock.now()
    with transaction(request.app.state.engine) as session:
        person = ensure_person(session, Known(email=email[:1_000]), now)
    return {"token": sign_person(person, now)}
