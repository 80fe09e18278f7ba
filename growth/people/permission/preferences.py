"""What a recipient wants: topics, how often, a pause, the language; each change by the recipient, and in the log."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError, NotFoundError, RefusedError
from growth.locales import LOCALES, N_, closest
from growth.people.consent import EMAIL_CHANNEL, MARKETING, may_write, record_consent
from growth.people.identity import EMAIL
from growth.people.permission.jurisdictions import jurisdiction_of
from growth.people.permission.lists import SUBSCRIBED, leave, subscribe
from growth.people.permission.records import ListMember, MailingList, Preference
from growth.people.records import Consent, Identity, Person
from growth.people.suppression import BOUNCES, suppressions

ACTOR = "recipient"
SOURCE = "preferences"
PAUSE = timedelta(days=30)
CLOSED = N_("This address isn't written to any more, so it can't subscribe.")


@dataclass(frozen=True)
class Frequency:
    """How many messages somebody wants at most."""

    per_week: int | None
    per_month: int | None


FREQUENCIES: Mapping[str, Frequency] = MappingProxyType(
    {"all": Frequency(None, None), "weekly": Frequency(1, None), "twice_a_month": Frequency(None, 2)}
)


@dataclass(frozen=True)
class Topic:
    """A list as its reader sees it."""

    key: str
    name: str
    description: str
    on: bool


@dataclass(frozen=True)
class Standing:
    """What holds for a person now."""

    person_id: int
    locale: str
    topics: tuple[Topic, ...]
    frequency: str
    """One of `FREQUENCIES`; empty for another that was set elsewhere."""
    paused_until: datetime | None
    allowed: bool
    """Whether marketing e-mail is permitted."""
    anything: bool
    """Whether any e-mail is that can be ended here, for whatever purpose."""
    closed: str | None
    """The reason for which no permission helps the address any more, such as a complaint."""


def recipient(session: Session, person_id: int, *, lock: bool = False) -> Person:
    """Somebody who can want something. Raises NotFoundError, and RefusedError for who was erased."""
    person = session.get(Person, person_id, with_for_update={"key_share": True} if lock else None)
    if person is None:
        raise NotFoundError(N_("There is nobody whom this link is for."))
    if person.erased_at is not None:
        raise RefusedError(N_("This person asked to be erased, so nothing is stored about them."))
    return person


def standing(session: Session, person_id: int, *, locale: str, now: datetime) -> Standing:
    """Everything the page shows, its topics in `locale`. Raises as `recipient` does."""
    person, allowed = recipient(session, person_id), allowed_purposes(session, person_id)
    held = session.get(Preference, person_id, populate_existing=True)
    paused = held.paused_until if held else None
    wanted = Frequency(held.most_per_week, held.most_per_month) if held else FREQUENCIES["all"]
    return Standing(
        person_id=person_id,
        locale=closest_locale(person),
        topics=tuple(_topics(session, person_id, locale, allowed)),
        frequency=next((name for name, one in FREQUENCIES.items() if one == wanted), ""),
        paused_until=paused if paused and paused > now else None,
        allowed=MARKETING in allowed,
        anything=bool(allowed),
        closed=closed(session, person_id),
    )


def allowed_purposes(session: Session, person_id: int) -> set[str]:
    """The purposes for which somebody allows e-mail."""
    held = (Consent.person_id == person_id, Consent.channel == EMAIL_CHANNEL, Consent.granted)
    return set(session.scalars(select(Consent.purpose).where(*held)))


def closest_locale(person: Person) -> str:
    """The language of ours in which somebody is written to, whatever we are told of theirs."""
    return closest(person.locale) or LOCALES[0]


def _topics(session: Session, person_id: int, locale: str, allowed: Collection[str]) -> Sequence[Topic]:
    """Public lists of the sides somebody is on a list of, of all sides for who is on none, and each list of theirs.

    One is on where they are subscribed and allow what it is for.
    """
    mine = {
        one.list_id: one.state for one in session.scalars(select(ListMember).where(ListMember.person_id == person_id))
    }
    known = select(MailingList).where(MailingList.archived_at.is_(None))
    known = known.where(or_(MailingList.public, MailingList.id.in_(mine))).order_by(MailingList.id)
    lists = session.scalars(known).all()
    sides = {one.side for one in lists if one.id in mine}
    return [
        Topic(
            one.key,
            _said(one.names, locale),
            _said(one.descriptions, locale),
            mine.get(one.id) == SUBSCRIBED and one.purpose in allowed,
        )
        for one in lists
        if one.id in mine or not sides or one.side in sides
    ]


def _said(texts: Mapping[str, Any], locale: str) -> str:
    return str(texts.get(locale) or texts.get(LOCALES[0]) or "")


def closed(session: Session, person_id: int) -> str | None:
    """Why nothing the person says opens their address again: a complaint, an erasure, a wish told to one of us."""
    hashes = session.scalars(
        select(Identity.hash).where(
            Identity.person_id == person_id, Identity.kind == EMAIL, Identity.retired_at.is_(None)
        )
    ).all()
    found = [one.reason for one in suppressions(session, EMAIL, hashes)]
    return next((reason for reason in found if reason not in {"unsubscribe", *BOUNCES}), None)


def choose_frequency(session: Session, person_id: int, frequency: str, *, now: datetime) -> bool:
    """How often from now on; returns whether that is new. Raises InvalidError, field `frequency`."""
    if frequency not in FREQUENCIES:
        raise InvalidError("frequency", N_("Choose how often."))
    wanted = FREQUENCIES[frequency]
    values = {"most_per_week": wanted.per_week, "most_per_month": wanted.per_month}
    return _keep(session, person_id, values, {"frequency": frequency}, now)


def pause(session: Session, person_id: int, *, now: datetime) -> datetime:
    """No marketing e-mail for 30 days; returns until when."""
    until = now + PAUSE
    _keep(session, person_id, {"paused_until": until}, {"paused_until": until.isoformat()}, now)
    return until


def end_pause(session: Session, person_id: int, *, now: datetime) -> bool:
    """Go on after a pause; returns whether there was one."""
    return _keep(session, person_id, {"paused_until": None}, {"paused_until": None}, now)


def _keep(session: Session, person_id: int, values: Mapping[str, Any], told: Mapping[str, Any], now: datetime) -> bool:
    recipient(session, person_id, lock=True)
    held = session.get(Preference, person_id, populate_existing=True)
    if all(getattr(held, name, None) == value for name, value in values.items()):
        return False
    row = insert(Preference).values(person_id=person_id, updated_at=now, **values)
    session.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=dict(values) | {"updated_at": now}))
    _log(session, person_id, told, now)
    return True


def choose_language(session: Session, person_id: int, locale: str, *, now: datetime) -> bool:
    """The language of e-mails; returns whether that is new. Raises InvalidError, field `language`.

    What is planned already is `growth.campaigns.wishes`' to change.
    """
    if locale not in LOCALES:
        raise InvalidError("language", N_("Choose one of the languages."))
    person = recipient(session, person_id, lock=True)
    if person.locale == locale:
        return False
    person.locale = locale
    session.flush()
    _log(session, person_id, {"language": locale}, now)
    return True


def join(
    session: Session, person_id: int, key: str, *, wording: str, evidence: Mapping[str, Any], now: datetime
) -> bool:
    """Subscribe to a topic; returns whether that is new.

    Who allowed nothing so far allows it by this: `wording` is what they read, and the link came to their mailbox.
    Raises RefusedError where the address is closed, and NotFoundError for a topic that isn't offered.
    """
    person, topic = recipient(session, person_id, lock=True), _offered(session, person_id, key)
    if closed(session, person_id) is not None:
        raise RefusedError(CLOSED)
    new = subscribe(session, topic.id, person_id, source=SOURCE, now=now)
    if not may_write(session, person_id, topic.purpose, EMAIL_CHANNEL):
        agree(session, person, topic.purpose, wording=wording, evidence={"topic": key, **evidence}, now=now)
    if new:
        _log(session, person_id, {"topic": key, "on": True}, now)
    return new


def come_back(session: Session, person_id: int, *, wording: str, evidence: Mapping[str, Any], now: datetime) -> bool:
    """Allow marketing e-mail again; returns whether that is new. Raises RefusedError where the address is closed."""
    person = recipient(session, person_id, lock=True)
    if closed(session, person_id) is not None:
        raise RefusedError(CLOSED)
    if may_write(session, person_id, MARKETING, EMAIL_CHANNEL):
        return False
    agree(session, person, MARKETING, wording=wording, evidence=evidence, now=now)
    return True


def agree(
    session: Session, person: Person, purpose: str, *, wording: str, evidence: Mapping[str, Any], now: datetime
) -> None:
    """Record that somebody allows a purpose by what they did on the page."""
    at = after_all(session, person.id, purpose, now)
    record_consent(
        session,
        person.id,
        purpose=purpose,
        channel=EMAIL_CHANNEL,
        granted=True,
        basis="consent",
        jurisdiction=jurisdiction_of(person.country).code,
        source=SOURCE,
        wording=wording,
        evidence=evidence,
        at=at,
        now=at,
    )
    detail = {"granted": True, "channel": "email", "source": SOURCE}
    audit(session, actor=ACTOR, action="consent", subject=f"person {person.id}", detail=detail, now=now)


def after_all(session: Session, person_id: int, purpose: str, now: datetime) -> datetime:
    """A moment after all the person said: what they say now counts, also where a clock was ahead before."""
    last = session.get(Consent, (person_id, purpose, EMAIL_CHANNEL), populate_existing=True)
    return now if last is None or last.at < now else last.at + timedelta(microseconds=1)


def part_with(session: Session, person_id: int, key: str, *, now: datetime) -> bool:
    """Leave a topic; returns whether that is new. Raises NotFoundError for a topic that isn't offered."""
    recipient(session, person_id, lock=True)
    new = leave(session, _offered(session, person_id, key).id, person_id, source=SOURCE, now=now)
    if new:
        _log(session, person_id, {"topic": key, "on": False}, now)
    return new


def _offered(session: Session, person_id: int, key: str) -> MailingList:
    found = session.scalar(select(MailingList).where(MailingList.key == key, MailingList.archived_at.is_(None)))
    if found is None or not (found.public or session.get(ListMember, (found.id, person_id)) is not None):
        raise NotFoundError(N_("This topic is offered no more."))
    return found


def _log(session: Session, person_id: int, detail: Mapping[str, Any], now: datetime) -> None:
    audit(session, actor=ACTOR, action="preferences", subject=f"person {person_id}", detail=detail, now=now)
