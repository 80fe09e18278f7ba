"""The queue: open leads in the order of their scores, page by page, and how each came by its score.

It stands here, above the leads, because only scoring knows ranks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, literal, literal_column, null, or_, select
from sqlalchemy.orm import Session, aliased

from growth.errors import InvalidError
from growth.leads.reading import Worker
from growth.leads.records import FollowUp, Lead
from growth.locales import N_
from growth.scoring.records import LeadRank, Score

VIEWS = ("todo", "follow-ups", "all")
SIDE = "seller"
MOST_COUNTED = 1_000
_MOST_NAMED = 10_000
"""A search that fits more names than this shows some of them."""


@dataclass(frozen=True)
class Asked:
    """Which leads: a view, and filters that are empty when not wanted."""

    view: str
    worker: Worker
    search: str = ""
    channel: str = ""
    origin: str = ""
    stage: str = ""


@dataclass(frozen=True)
class Entry:
    """A lead in the queue; without a score yet its figures are None."""

    lead_id: int
    name: str
    stage: str
    channel: str
    contacted_at: datetime
    due_at: datetime | None
    owner_id: int | None
    probability: float | None
    low: float | None
    high: float | None
    reasons: list[dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """Some of the queue, and what to ask for to get the next of it."""

    entries: Sequence[Entry]
    next: str | None


def read_queue(session: Session, asked: Asked, now: datetime, *, after: str | None = None, size: int = 30) -> Page:
    """The next `size` leads after a place of an earlier page.

    The best scored come first, then those without a score, the newest first; follow-ups come by when they are due.
    Raises InvalidError for a view or place there isn't.
    """
    if asked.view not in VIEWS:
        raise InvalidError("view", N_("There is no such view."))
    place = _place(after)
    if asked.view == "follow-ups":
        return _page(session.execute(_promised(asked, place).limit(size + 1)).all(), "f", size)
    rows: list[Row[Any]] = []
    if place is None or place.kind == "r":
        rows += session.execute(_ranked(asked, now, place).limit(size + 1)).all()
        if len(rows) > size:
            return _page(rows, "r", size)
    rest = _unranked(asked, now, place if place and place.kind == "u" else None)
    rows += session.execute(rest.limit(size + 1 - len(rows))).all()
    return _page(rows, "u", size)


def count(session: Session, asked: Asked, now: datetime) -> int:
    """How many there are, looking at no more than `MOST_COUNTED` + 1; follow-ups count when they are due."""
    if asked.view == "follow-ups":
        found = _promises(asked, FollowUp.id).where(FollowUp.due_at <= now)
    else:
        found = select(Lead.id).where(*_wanted(asked, now))
    return session.scalars(select(func.count()).select_from(found.limit(MOST_COUNTED + 1).subquery())).one()


def rank_of(session: Session, lead_id: int) -> LeadRank | None:
    """A lead's latest score."""
    return session.get(LeadRank, lead_id)


def scores_of(session: Session, lead_id: int, limit: int = 12) -> list[tuple[datetime, float]]:
    """A lead's scores, the newest first."""
    found = select(Score.as_of, Score.probability).where(Score.lead_id == lead_id).order_by(Score.as_of.desc())
    return [(row.as_of, row.probability) for row in session.execute(found.limit(limit))]


def origins(session: Session, limit: int = 40) -> list[str]:
    """Origins among the newest open leads, for a filter."""
    newest = select(Lead.facts["origin"].astext.label("origin")).where(Lead.side == SIDE, Lead.closed_at.is_(None))
    recent = newest.order_by(Lead.contacted_at.desc(), Lead.id.desc()).limit(5_000).subquery()
    found = select(recent.c.origin).where(recent.c.origin.is_not(None)).group_by(recent.c.origin)
    return sorted(session.scalars(found.order_by(func.count().desc()).limit(limit)))


_LEAD = (Lead.id.label("lead_id"), Lead.name, Lead.stage, Lead.channel, Lead.contacted_at, Lead.owner_id)
_RANK = (LeadRank.probability, LeadRank.low, LeadRank.high, LeadRank.reasons)
_NO_RANK = (
    null().label("probability"),
    null().label("low"),
    null().label("high"),
    literal([], LeadRank.reasons.type).label("reasons"),
)


def _wanted(asked: Asked, now: datetime | None) -> list[ColumnElement[bool]]:
    """Conditions on open leads; with `now` those that rest are left out of To do."""
    held = [Lead.side == SIDE, Lead.closed_at.is_(None)]
    if asked.view != "follow-ups":  # those are told by who promised them
        held.append(asked.worker.sees())
    if asked.view == "todo":
        # What a manager has to do is their own and nobody's too.
        held.append(Worker(asked.worker.account_id).sees())
        held.append(or_(Lead.due_at.is_(None), Lead.due_at <= now))
    if asked.channel:
        held.append(Lead.channel == asked.channel)
    if asked.origin:
        held.append(Lead.facts["origin"].astext == asked.origin)
    if asked.stage:
        held.append(Lead.stage == asked.stage)
    if asked.search.strip():
        held.append(_named(asked.search))
    return held


def _named(search: str) -> ColumnElement[bool]:
    """Leads in whose name each word begins a word."""
    words = re.findall(r"\w+", search[:200].replace("\0", ""))
    if not words:
        return false()
    query = " & ".join(f"{word}:*" for word in words)
    # Written as in the index.
    simple: ColumnElement[str] = literal_column("'simple'::regconfig")
    named = aliased(Lead)
    match = func.to_tsvector(simple, named.name).bool_op("@@")(func.to_tsquery(simple, query))
    # The limit has names looked up first, rather than every lead's read in the order of the queue.
    return Lead.id.in_(select(named.id).where(match).limit(_MOST_NAMED))


@dataclass(frozen=True)
class _Place:
    """Where a page ended: `r` among the ranked, `u` the unranked, `f` the follow-ups."""

    kind: str
    value: Any
    id: int


_READ: dict[str, Callable[[str], Any]] = {"r": float, "u": datetime.fromisoformat, "f": datetime.fromisoformat}


def _place(after: str | None) -> _Place | None:
    if not after:
        return None
    try:
        kind, value, number = after.split("~")
        place = _Place(kind, _READ[kind](value), int(number))
        if abs(place.id) < 2**63 and (kind == "r" or place.value.tzinfo is not None):
            return place
    except (ValueError, KeyError, OverflowError):
        pass
    raise InvalidError("after", N_("There is no such page of the list."), remedy=N_("Begin at its top."))


def _ranked(asked: Asked, now: datetime, place: _Place | None) -> Select[*tuple[Any, ...]]:
    found = select(*_LEAD, Lead.due_at, *_RANK, LeadRank.probability.label("_by"), LeadRank.lead_id.label("_id"))
    found = found.join(LeadRank, LeadRank.lead_id == Lead.id).where(LeadRank.side == SIDE, *_wanted(asked, now))
    if place is not None:
        further = or_(LeadRank.probability < place.value, LeadRank.lead_id > place.id)
        found = found.where(LeadRank.probability <= place.value, further)
    return found.order_by(LeadRank.probability.desc(), LeadRank.lead_id)


def _unranked(asked: Asked, now: datetime, place: _Place | None) -> Select[*tuple[Any, ...]]:
    found = select(*_LEAD, Lead.due_at, *_NO_RANK, Lead.contacted_at.label("_by"), Lead.id.label("_id"))
    ranked = select(LeadRank.lead_id).where(LeadRank.lead_id == Lead.id)
    found = found.where(*_wanted(asked, now), ~ranked.exists())
    if place is not None:
        further = or_(Lead.contacted_at < place.value, Lead.id < place.id)
        found = found.where(Lead.contacted_at <= place.value, further)
    return found.order_by(Lead.contacted_at.desc(), Lead.id.desc())


def _promises(asked: Asked, *chosen: Any) -> Select[*tuple[Any, ...]]:
    found = select(*chosen).select_from(FollowUp).join(Lead, Lead.id == FollowUp.lead_id)
    mine = literal(value=True) if asked.worker.sees_all else FollowUp.account_id == asked.worker.account_id
    return found.where(FollowUp.done_at.is_(None), mine, *_wanted(asked, None))


def _promised(asked: Asked, place: _Place | None) -> Select[*tuple[Any, ...]]:
    by = FollowUp.due_at
    found = _promises(asked, *_LEAD, by.label("due_at"), *_RANK, by.label("_by"), FollowUp.id.label("_id"))
    found = found.outerjoin(LeadRank, LeadRank.lead_id == Lead.id)
    if place is not None:
        found = found.where(by >= place.value, or_(by > place.value, FollowUp.id > place.id))
    return found.order_by(by, FollowUp.id)


def _page(rows: Sequence[Row[Any]], kind: str, size: int) -> Page:
    entries = []
    for row in rows[:size]:
        values = {name: value for name, value in row._mapping.items() if not name.startswith("_")}  # noqa: SLF001
        entries.append(Entry(**values | {"reasons": values["reasons"] or []}))
    if len(rows) <= size:
        return Page(entries, None)
    last = rows[size - 1]
    if kind != "f":
        kind = "r" if last.probability is not None else "u"
    by = repr(last._by) if kind == "r" else last._by.isoformat()  # noqa: SLF001
    return Page(entries, f"{kind}~{by}~{last._id}")  # noqa: SLF001
