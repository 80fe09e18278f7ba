"""`POST /e`: what happens on our sites, in batches, answered once it is stored."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from growth.database.engine import transaction
from growth.errors import GrowthError, InvalidError, RefusedError
from growth.events.collecting import Batch, Browser, Collected, collect, collector_key
from growth.events.countries import country_of_header
from growth.events.refused import note_refusal
from growth.events.rules import Rules, collector_rules
from growth.events.visitors import sign_visitor
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

_VIEWS_A_MINUTE = 240
"""Of one browser: nobody looks at four pages a second for a minute."""

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
    allowed, now = _allowances(request), clock.now()
    trusted = shows_key(request)
    address = request.client.host if request.client else ""
    client = network_of(address)
    if not trusted:
        wait = allowed.events.wait(client, now)
        if wait is not None:
            return _too_many(request, wait)
        # One for the asking, which costs something even when nothing in it can be read.
        allowed.events.spend(client, 1, now)
    body = await request.body()
    asked = _Asked(request, body, None if trusted else _client(request, address, client), now)
    status, content, size = await to_thread.run_sync(asked.stored, limiter=allowed.at_once)
    if not trusted:
        allowed.events.spend(client, size, now)
    return Response(content, status, media_type="application/json")


def _too_many(request: Request, wait: float) -> Response:
    return answer(
        request,
        429,
        N_("That was more than we take from one address within a minute."),
        remedy=N_("Send the rest later; a server shows the collector's key and isn't limited."),
        headers={"Retry-After": str(int(wait) + 1)},
    )


class _Allowances:
    """What this process gives to each client."""

    def __init__(self) -> None:
        self.events = Pace(_EVENTS_A_MINUTE, timedelta(minutes=1))
        self.views = Pace(_VIEWS_A_MINUTE, timedelta(minutes=1))
        self.at_once = CapacityLimiter(_AT_ONCE)


def _allowances(request: Request) -> _Allowances:
    state = request.app.state
    if not hasattr(state, "collector"):
        state.collector = _Allowances()
    found: _Allowances = state.collector
    return found


@dataclass(frozen=True)
class _Client:
    """A browser, or what passes for one, and what its headers ask."""

    agent: str
    address: str
    network: str
    site: str | None
    gpc: bool
    dnt: bool
    country: str | None


def _client(request: Request, address: str, network: str) -> _Client:
    headers = request.headers
    return _Client(
        agent=headers.get("user-agent", "")[:1_000],
        address=address,
        network=network,
        site=site_of(headers.get("origin")),
        gpc=headers.get("sec-gpc") == "1",
        dnt=headers.get("dnt") == "1",
        country=_country(request),
    )


def _country(request: Request) -> str | None:
    """What the proxy in front says, where the operator named its header.

    Uvicorn writes port 0 for a client of whom a trusted proxy told; whoever came past the proxy has another.
    """
    header = settings().country_header
    forwarded = request.client is not None and request.client.port == 0
    return country_of_header(request.headers.get(header)) if header and forwarded else None


def site_of(origin: str | None) -> str | None:
    """The host of a site, with its port where it names one."""
    try:
        return urlsplit(origin or "").netloc.lower() or None
    except ValueError:
        return None


def shows_key(request: Request) -> bool:
    """Whether it came with the collector's key; without any it didn't. Raises RefusedError for a wrong one."""
    shown = request.headers.get("authorization")
    if shown is None:
        return False
    scheme, _, key = shown.partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), collector_key().encode()):
        return True
    raise RefusedError(
        N_("This is not the collector's key."), remedy=N_("Type “growth events key” where growth runs to see it.")
    )


@dataclass(frozen=True)
class _Asked:
    """A request of which the body has arrived."""

    request: Request
    body: bytes
    client: _Client | None
    """None when it showed the key."""
    now: datetime

    def stored(self) -> tuple[int, bytes, int]:
        """Status, content and number of events, after commit."""
        encoding = self.request.headers.get("content-encoding", "").strip().lower()
        batch, signs = read_batch(read_json(unpacked(self.body, encoding, settings().max_request_bytes)))
        with transaction(self.request.app.state.engine) as session:
            rules = collector_rules(session) if self.client or _tells_agents(batch) else Rules()
            browser = self._browser(batch, rules)
            done = collect(session, batch, self.now, trusted=self.client is None, browser=browser, rules=rules)
            for _, problem in done.refused[:1] if self.client else ():
                _note(session, problem, self.now)
        told = done.accepted or done.repeated or not done.refused
        words = _words(self.request, done) | self._link(batch, done, browser, signs=signs)
        return 200 if told else 422, orjson.dumps(words), len(batch.events)

    def _browser(self, batch: Batch, rules: Rules) -> Browser | None:
        client = self.client
        if client is None:
            return None
        if not rules.takes(client.site):
            _refuse_site(self.request, client.site, self.now)
        views = self.request.app.state.collector.views
        key = str(batch.visitor) if isinstance(batch.visitor, str) else f"{client.network}\n{client.agent}"
        views.spend(key, len(batch.events), self.now)
        return Browser(
            agent=client.agent,
            network=client.network,
            address=client.address,
            refuses=(client.gpc and rules.respects_gpc) or (client.dnt and rules.respects_dnt),
            too_fast=views.wait(key, self.now) is not None,
            country=client.country,
        )

    def _link(self, batch: Batch, done: Collected, browser: Browser | None, *, signs: bool) -> dict[str, str]:
        """For a browser that asked: whom it is now, and what its links to our other sites carry."""
        visitor = done.visitor or _uuid(batch.visitor)
        if not signs or visitor is None or browser is None or browser.refuses:
            return {}
        return {"visitor": str(visitor), "link": sign_visitor(visitor, self.now)}


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _tells_agents(batch: Batch) -> bool:
    return any(isinstance(one, dict) and ("agent" in one or "ip" in one) for one in batch.events)


def _note(session: Session, problem: GrowthError, now: datetime) -> None:
    """Remember what was refused, by its field, for the page about collecting."""
    field = problem.field if isinstance(problem, InvalidError) else "site"
    words = {"message": problem.message, "remedy": problem.remedy, "values": dict(problem.values), "field": field}
    note_refusal(session, f"collector:{field}", words, now)


def _refuse_site(request: Request, site: str | None, now: datetime) -> None:
    """Raise RefusedError, remembered in a transaction of its own, since that of the batch is undone."""
    problem = RefusedError(
        N_("Pages of %(site)s may not send events."),
        remedy=N_("Add the site under “Collecting”, if it is yours."),
        site=(site or "?")[:253],
    )
    with transaction(request.app.state.engine) as session:
        _note(session, problem, now)
    raise problem


def read_batch(sent: Any) -> tuple[Batch, bool]:
    """The events of a body, {"events": […], …}, a list, or one event by itself; and whether a link is to be signed."""
    whole: dict[str, Any] = {}
    if isinstance(sent, dict) and "events" in sent:
        whole, sent = sent, sent["events"]
    elif isinstance(sent, dict):
        sent = [sent]
    if not isinstance(sent, list):
        raise InvalidError("events", N_("Send a list of events, or one event."))
    batch = Batch(
        events=sent,
        sent=whole.get("sent"),
        visitor=whole.get("visitor"),
        link=whole.get("link"),
        automated=whole.get("automated") is True,
        zone=whole.get("zone"),
    )
    return batch, whole.get("sign") is True


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
