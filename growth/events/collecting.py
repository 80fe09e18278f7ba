"""Batches of events as our sites and servers send them: stored, each event once, or refused in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from growth.errors import InvalidError, RefusedError
from growth.events.bots import AUTOMATION, TOO_FAST, reason_of
from growth.events.countries import GUESS, country_of_zone
from growth.events.ingest import NewEvent, first_moments, ingest
from growth.events.rules import Rules
from growth.events.sent import BROWSER_KINDS, SERVER_KINDS, collector_key, read_event
from growth.events.visitors import read_visitor, visitor_of_day
from growth.events.whom import join_visitors, people_of
from growth.ids import PersonId
from growth.locales import N_

__all__ = [
    "BROWSER_KINDS",
    "LARGEST_BATCH",
    "SERVER_KINDS",
    "Batch",
    "Browser",
    "collect",
    "collector_key",
    "read_event",
]

LARGEST_BATCH = 1_000

SKEW = timedelta(minutes=1)
"""A client's clock that is wrong by less is believed; the way of a request takes some seconds, too."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser's request tells of it, where no key was shown."""

    agent: str
    network: str
    address: str
    refuses: bool = False
    """Whether it asks, in a way that our rules respect, not to be followed."""
    too_fast: bool = False
    country: str | None = None
    """Where a proxy in front says that the address is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A request's events, and what it says of them all."""

    events: Sequence[object]
    sent: object = None
    """The client's own time when it sent them, by which a wrong clock is put right."""
    visitor: object = None
    link: object = None
    """What came along from another of our sites, if it is still fresh."""
    automated: bool = False
    zone: object = None
    """The browser's time zone, from which its country is guessed where nothing else tells."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a batch."""

    accepted: int
    repeated: int
    refused: list[tuple[int, InvalidError]]
    """Position in the batch and what is wrong."""
    unknown_tokens: int
    """Events that were taken, but whose token names nobody: too old, cut short, or of an erased person."""
    visitor: UUID | None = None
    """Whom a fresh link named."""


def collect(
    session: Session,
    given: Batch | Sequence[object],
    now: datetime,
    *,
    trusted: bool,
    browser: Browser | None = None,
    rules: Rules | None = None,
) -> Collected:
    """Store what can be read of a batch, in the caller's transaction; sent again it changes nothing.

    The events are JSON as it came; `trusted` tells whether it came with the key, `browser` who sent it without.
    Raises InvalidError when there are more than `LARGEST_BATCH`.
    """
    batch, held = given if isinstance(given, Batch) else Batch(given), rules or Rules()
    if len(batch.events) > LARGEST_BATCH:
        raise InvalidError(
            "events",
            N_("There are more than %(limit)s events."),
            remedy=N_("Send them in several requests."),
            limit=LARGEST_BATCH,
        )
    linked = _linked(batch.link, now) if browser is None or not browser.refuses else None
    sent = _completed(session, batch, linked, browser, now)
    read, refused = _read(sent, people_of(session, sent, now, trusted=trusted), now, trusted=trusted, rules=held)
    _tell_bots(read, sent, batch, browser, held)
    if browser is not None:
        _tell_countries(read.values(), browser.country, country_of_zone(batch.zone))
    _give_moments(session, read, sent, _skew(batch.sent, now), now)
    stored = ingest(session, list(read.values()), now)
    join_visitors(session, stored.accepted)
    places = list(read)
    refused += [(places[index], problem) for index, problem in stored.refused]
    unknown = sum(
        event.person_id is None and event.bot is None and _has(sent[place], "token") for place, event in read.items()
    )
    in_order = sorted(refused, key=lambda one: one[0])
    return Collected(len(stored.accepted), stored.repeated, in_order, unknown, linked)


def _linked(link: object, now: datetime) -> UUID | None:
    """Whom the link names; a forged or an old one is as good as none."""
    try:
        return read_visitor(link, now) if isinstance(link, str) else None
    except (RefusedError, ValueError):
        return None


def _completed(
    session: Session, batch: Batch, linked: UUID | None, browser: Browser | None, now: datetime
) -> Sequence[object]:
    """The events, each with its visitor: the one a link named, its own, the batch's, or of a browser the day's.

    Of a browser that asks not to be followed only the day's is left, and nobody's name.
    """
    visitor = str(linked) if linked else batch.visitor
    if browser is None and visitor is None:
        return batch.events
    refuses = browser is not None and browser.refuses
    if browser is not None and (visitor is None or refuses) and not _all_have(batch.events, "visitor", refuses):
        visitor = str(visitor_of_day(session, browser.network, browser.agent, now))
    completed: list[object] = []
    for one in batch.events:
        if not isinstance(one, dict):
            completed.append(one)
        elif refuses:
            completed.append(one | {"visitor": visitor, "token": None})
        else:
            completed.append(one if one.get("visitor") is not None and not linked else one | {"visitor": visitor})
    return completed


def _all_have(events: Sequence[object], field: str, refuses: bool) -> bool:
    return not refuses and all(_has(one, field) for one in events)


def _read(
    sent: Sequence[object], people: Mapping[str, PersonId], now: datetime, *, trusted: bool, rules: Rules
) -> tuple[dict[int, NewEvent], list[tuple[int, InvalidError]]]:
    """What can be read, by its position in the batch, and what can't."""
    read: dict[int, NewEvent] = {}
    refused: list[tuple[int, InvalidError]] = []
    for place, one in enumerate(sent):
        try:
            read[place] = read_event(one, people, now, trusted=trusted, browser_orders=rules.browser_orders)
        except InvalidError as problem:
            refused.append((place, problem))
    return read, refused


def _tell_bots(
    read: Mapping[int, NewEvent], sent: Sequence[object], batch: Batch, browser: Browser | None, rules: Rules
) -> None:
    """Mark what machines did; it is nobody's, whatever token they came with: scanners of mail follow links too."""
    of_all = _of_browser(batch, browser, rules) if browser else None
    for place, event in read.items():
        one = sent[place]
        told = _of_server(one, rules) if browser is None and isinstance(one, dict) else of_all
        if told is not None and event.kind not in SERVER_KINDS:
            event.bot, event.person_id = told, None


def _tell_countries(events: Iterable[NewEvent], known: str | None, guess: str | None) -> None:
    """Where it happened, of events whose page didn't say: by the proxy, or else as a guess that is kept apart."""
    for event in events if known or guess else ():
        if event.country is None and known is not None:
            event.country = known
        elif event.country is None:
            event.properties = event.properties | {GUESS: guess}


def _of_browser(batch: Batch, browser: Browser, rules: Rules) -> str | None:
    told = reason_of(browser.agent, browser.address, words=rules.bot_agents, networks=rules.bot_networks)
    if told is None and batch.automated and rules.automation_is_bot:
        return AUTOMATION
    return told or (TOO_FAST if browser.too_fast else None)


def _of_server(one: Mapping[str, object], rules: Rules) -> str | None:
    """By what our server saw of the browser: `agent` and `ip`, where it tells them."""
    agent, address = one.get("agent"), one.get("ip")
    if agent is None and address is None:
        return None
    return reason_of(
        agent if isinstance(agent, str) else None,
        address if isinstance(address, str) else None,
        words=rules.bot_agents,
        networks=rules.bot_networks,
    )


def _has(sent: object, field: str) -> bool:
    return isinstance(sent, dict) and sent.get(field) is not None


def _skew(sent: object, now: datetime) -> timedelta | None:
    """By how much the client's clock is behind ours; None when it didn't say, or said nothing that can be read."""
    try:
        moment = datetime.fromisoformat(sent) if isinstance(sent, str) else None
    except ValueError:
        return None
    if moment is None or moment.utcoffset() is None:
        return None
    skew = now - moment
    return skew if abs(skew) >= SKEW else timedelta(0)


def _give_moments(
    session: Session, read: dict[int, NewEvent], sent: Sequence[object], skew: timedelta | None, now: datetime
) -> None:
    """An event without a moment gets the one at which it was first seen; one by a wrong clock the right one.

    What was given is remembered, since the next try of the same batch is told by other clocks.
    """
    wanted = read if skew is not None else {place: one for place, one in read.items() if not _has(sent[place], "at")}
    if not wanted:
        return
    given: dict[UUID, datetime] = {}
    for place, event in wanted.items():
        moment = event.occurred_at
        if skew and _has(sent[place], "at"):
            moment = min(_later(moment, skew), now)
        given.setdefault(event.event_id, moment)
    first = first_moments(session, given)
    read |= {place: replace(event, occurred_at=first[event.event_id]) for place, event in wanted.items()}


def _later(moment: datetime, skew: timedelta) -> datetime:
    try:
        return moment + skew
    except OverflowError:
        return moment
