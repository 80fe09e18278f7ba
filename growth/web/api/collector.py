"""`POST /e`: what happens on our sites, in batches, answered once it is stored."""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from growth.database.engine import transaction
from growth.errors import GrowthError, InvalidError, RefusedError
from growth.events.collecting import Collected, collect, collector_key
from growth.locales import N_
from growth.settings import settings
from growth.web.access import ClockDep, public
from growth.web.api.bodies import read_json, unpacked
from growth.web.api.pace import Pace, network_of
from growth.web.failures import answer, status_of
from growth.web.rendering import said

router = APIRouter()

_EVENTS_A_MINUTE = 6_000
"""Of one client without the key: a busy office behind one address, but no flood."""

_AT_ONCE = 4
"""Batches stored at the same time, so that pages always find a thread and a connection."""

_ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PREFLIGHT = _ANY_SITE | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}


@router.options("/e", dependencies=[public(cross_site=True)])
async def may_collect() -> Response:
    """What a browser asks before it posts JSON from another site. No cookie is wanted, so none is allowed."""
    return Response(status_code=204, headers=_PREFLIGHT)


@router.post("/e", dependencies=[public(cross_site=True)])
async def collect_events(request: Request, clock: ClockDep) -> Response:
    """Store a batch: 200 with what became of it, 422 when nothing of it could be stored."""
    try:
        response = await _paced(request, clock)
    except ClientDisconnect:
        return Response(status_code=400)
    except GrowthError as error:
        field = error.field if isinstance(error, InvalidError) else ""
        values = error.values
        response = answer(request, status_of(error), error.message, remedy=error.remedy, values=values, field=field)
    response.headers.update(_ANY_SITE)
    return response


async def _paced(request: Request, clock: ClockDep) -> Response:
    pace, limiter = _allowances(request)
    trusted = _shows_key(request)
    client = network_of(request.client.host if request.client else None)
    if not trusted:
        wait = pace.wait(client, clock.now())
        if wait is not None:
            return _too_many(request, wait)
        # One for the asking, which costs something even when nothing in it can be read.
        pace.spend(client, 1, clock.now())
    body = await request.body()
    status, content, size = await to_thread.run_sync(_stored, request, body, trusted, clock, limiter=limiter)
    if not trusted:
        pace.spend(client, size, clock.now())
    return Response(content, status, media_type="application/json")


def _too_many(request: Request, wait: float) -> Response:
    return answer(
        request,
        429,
        N_("That was more than we take from one address within a minute."),
        remedy=N_("Send the rest later; a server shows the collector's key and isn't limited."),
        headers={"Retry-After": str(int(wait) + 1)},
    )


def _allowances(request: Request) -> tuple[Pace, CapacityLimiter]:
    state = request.app.state
    if not hasattr(state, "collector"):
        state.collector = Pace(_EVENTS_A_MINUTE, timedelta(minutes=1)), CapacityLimiter(_AT_ONCE)
    found: tuple[Pace, CapacityLimiter] = state.collector
    return found


def _shows_key(request: Request) -> bool:
    shown = request.headers.get("authorization")
    if shown is None:
        return False
    scheme, _, key = shown.partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), collector_key().encode()):
        return True
    raise RefusedError(
        N_("This is not the collector's key."), remedy=N_("Type “growth events key” where growth runs to see it.")
    )


def _stored(request: Request, body: bytes, trusted: bool, clock: ClockDep) -> tuple[int, bytes, int]:
    """Status, content and number of events, after commit."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    sent = _batch(read_json(unpacked(body, encoding, settings().max_request_bytes)))
    with transaction(request.app.state.engine) as session:
        done = collect(session, sent, clock.now(), trusted=trusted)
    told = done.accepted or done.repeated or not done.refused
    return 200 if told else 422, orjson.dumps(_words(request, done)), len(sent)


def _batch(sent: Any) -> Sequence[object]:
    """The events of a body: {"events": […]}, a list, or one event by itself."""
    if isinstance(sent, dict) and "events" in sent:
        sent = sent["events"]
    elif isinstance(sent, dict):
        sent = [sent]
    if not isinstance(sent, list):
        raise InvalidError("events", N_("Send a list of events, or one event."))
    return sent


def _words(request: Request, done: Collected) -> dict[str, object]:
    return {
        "accepted": done.accepted,
        "repeated": done.repeated,
        "refused": [
            {
                "position": place,
                "field": problem.field,
                "error": " ".join(
                    said(request, sentence, **problem.values)
                    for sentence in (problem.message, problem.remedy)
                    if sentence
                ),
            }
            for place, problem in done.refused
        ],
        "unknown_tokens": done.unknown_tokens,
    }
