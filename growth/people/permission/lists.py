"""Mailing lists: topics that people subscribe to, and who is on them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from growth.locales import LOCALES, N_
from growth.people.consent import EMAIL_CHANNEL, MARKETING, check_purpose, may_write
from growth.people.permission.records import ListMember, MailingList

SIDES = ("buyer", "seller")
SUBSCRIBED, LEFT = "subscribed", "left"
MOST_COUNTED = 10_000
LONGEST_NAME = 80
LONGEST_DESCRIPTION = 300
_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What a person decides about a list."""

    names: Mapping[str, str]
    """By locale; the English one is needed."""
    descriptions: Mapping[str, str]
    public: bool
    """Whether the preference centre shows it to those who aren't on it."""


@dataclass(frozen=True)
class Count:
    """How many there are, or at least are."""

    people: int
    more: bool


def create(
    session: Session, key: str, side: str, topic: Topic, *, actor: str, now: datetime, purpose: str = MARKETING
) -> MailingList:
    """A new list. Raises InvalidError, naming the field: `key`, `side`, `purpose`, or `names_en` and its like.

    Its purpose stays as it is, since that is what those on it have agreed to.
    """
    if not _KEY.fullmatch(key):
        raise InvalidError(
            "key",
            N_("A key has 2 to 40 small letters, digits and underscores, and begins with a letter."),
            remedy=N_("Write it like product_news."),
        )
    if side not in SIDES:
        raise InvalidError("side", N_("A list is for buyers or for sellers."))
    check_purpose(purpose)
    names, descriptions = _checked(topic)
    made = MailingList(
        key=key,
        side=side,
        purpose=purpose,
        names=names,
        descriptions=descriptions,
        public=topic.public,
        created_by=actor,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as taken:
        raise InvalidError("key", N_("There is a list with this key already.")) from taken
    audit(session, actor=actor, action="list.create", subject=key, detail={"names": names, "purpose": purpose}, now=now)
    return made


def change(session: Session, found: MailingList, topic: Topic, *, actor: str, now: datetime) -> None:
    """Names, descriptions and whether it is public; who is on it stays. Raises InvalidError as `create` does."""
    found.names, found.descriptions = _checked(topic)
    found.public = topic.public
    audit(session, actor=actor, action="list.change", subject=found.key, detail={"names": found.names}, now=now)


def _checked(topic: Topic) -> tuple[dict[str, str], dict[str, str]]:
    names = _texts("names", topic.names, LONGEST_NAME)
    if LOCALES[0] not in names:
        raise InvalidError("names_en", N_("Give the list a name; the other languages may follow later."))
    return names, _texts("descriptions", topic.descriptions, LONGEST_DESCRIPTION)


def _texts(field: str, texts: Mapping[str, str], most: int) -> dict[str, str]:
    kept = {locale: texts[locale].strip() for locale in LOCALES if texts.get(locale, "").strip()}
    for locale, said in kept.items():
        if len(said) > most:
            raise InvalidError(f"{field}_{locale}", N_("This is longer than %(most)s letters."), most=most)
    return kept


def archive(session: Session, found: MailingList, *, actor: str, now: datetime) -> None:
    """Nobody can subscribe to it any more, and it is shown nowhere; who was on it is remembered."""
    if found.archived_at is None:
        found.archived_at = now
        audit(session, actor=actor, action="list.archive", subject=found.key, detail={}, now=now)


def restore(session: Session, found: MailingList, *, actor: str, now: datetime) -> None:
    """Take it back from the archive."""
    if found.archived_at is not None:
        found.archived_at = None
        audit(session, actor=actor, action="list.restore", subject=found.key, detail={}, now=now)


def list_by_id(session: Session, list_id: int) -> MailingList:
    """One list, archived or not. Raises NotFoundError."""
    found = session.get(MailingList, list_id)
    if found is None:
        raise NotFoundError(N_("There is no such list."))
    return found


def list_by_key(session: Session, key: str) -> MailingList:
    """One list, archived or not. Raises NotFoundError."""
    found = session.scalar(select(MailingList).where(MailingList.key == key))
    if found is None:
        raise NotFoundError(N_("There is no list “%(key)s”."), key=key[:80])
    return found


def all_lists(session: Session, *, archived: bool = False, side: str | None = None) -> Sequence[MailingList]:
    """Every list in use, or every one in the archive; of one side when given."""
    wanted = MailingList.archived_at.is_not(None) if archived else MailingList.archived_at.is_(None)
    found = select(MailingList).where(wanted).order_by(MailingList.side, MailingList.id)
    return session.scalars(found.where(MailingList.side == side) if side else found).all()


def in_words(texts: Mapping[str, str], locale: str) -> str:
    """A list's name or description in a language, else in English; empty when there is none."""
    return texts.get(locale) or texts.get(LOCALES[0], "")


def subscribe(session: Session, list_id: int, person_id: int, *, source: str, now: datetime) -> bool:
    """Put somebody on a list; returns whether they weren't on it. Whether they may be is the caller's to know."""
    return _put(session, ListMember(list_id=list_id, person_id=person_id, state=SUBSCRIBED, source=source, at=now))


def leave(session: Session, list_id: int, person_id: int, *, source: str, now: datetime) -> bool:
    """Take somebody off a list, also who never was on it; returns whether that is new."""
    return _put(session, ListMember(list_id=list_id, person_id=person_id, state=LEFT, source=source, at=now))


def _put(session: Session, wanted: ListMember) -> bool:
    names = ("list_id", "person_id", "state", "source", "at")
    row = insert(ListMember).values({name: getattr(wanted, name) for name in names})
    changed = row.on_conflict_do_update(
        index_elements=[ListMember.list_id, ListMember.person_id],
        set_={name: row.excluded[name] for name in ("state", "source", "at")},
        where=ListMember.state != row.excluded.state,
    )
    return session.scalar(changed.returning(ListMember.person_id)) is not None


def add_by_hand(session: Session, found: MailingList, person_id: int, *, actor: str, now: datetime) -> bool:
    """Put somebody on a list who allows e-mail for its purpose and never left it; returns whether they weren't on it.

    Raises RefusedError: being on a list is no permission, and who left comes back by themselves.
    """
    if not may_write(session, person_id, found.purpose, EMAIL_CHANNEL):
        raise RefusedError(
            N_("This person doesn't allow marketing e-mail.")
            if found.purpose == MARKETING
            else N_("This person doesn't allow e-mail for the purpose of this list."),
            remedy=N_("Record their permission first, or let them subscribe by a form."),
        )
    member = session.get(ListMember, (found.id, person_id))
    if member is not None and member.state == LEFT:
        raise RefusedError(
            N_("This person has left the list."), remedy=N_("They can come back by a form or in their preferences.")
        )
    new = subscribe(session, found.id, person_id, source="by hand", now=now)
    if new:
        subject = f"person {person_id}"
        audit(session, actor=actor, action="list.add", subject=subject, detail={"list": found.key}, now=now)
    return new


def counts(session: Session, lists: Collection[int]) -> dict[int, Count]:
    """How many are subscribed to each of these lists, each counted up to `MOST_COUNTED`."""
    rows = session.execute(_COUNTS, {"lists": sorted(lists), "most": MOST_COUNTED + 1})
    return {one: Count(min(number, MOST_COUNTED), more=number > MOST_COUNTED) for one, number in rows}


_COUNTS = text("""
    select list, counted.number from unnest(cast(:lists as bigint[])) list
    cross join lateral (
        select count(*) as number from (
            select from list_member where list_id = list and state = 'subscribed' limit :most) found) counted
""")


def members(session: Session, list_id: int, *, after: int | None = None, size: int = 50) -> Sequence[ListMember]:
    """The next `size` who are subscribed, by person below `after`, the newest people first."""
    found = select(ListMember).where(ListMember.list_id == list_id, ListMember.state == SUBSCRIBED)
    if after is not None:
        found = found.where(ListMember.person_id < after)
    return session.scalars(found.order_by(ListMember.person_id.desc()).limit(size)).all()


def lists_of(session: Session, person_id: int) -> Sequence[tuple[MailingList, ListMember]]:
    """The lists somebody is on or has left, the archived ones too."""
    found = select(MailingList, ListMember).join(ListMember, ListMember.list_id == MailingList.id)
    rows = session.execute(found.where(ListMember.person_id == person_id).order_by(MailingList.id))
    return [(one, member) for one, member in rows]


def is_on(session: Session, list_id: int, person_id: int) -> bool:
    """Whether somebody is subscribed to a list."""
    member = session.get(ListMember, (list_id, person_id))
    return member is not None and member.state == SUBSCRIBED


def check_open(found: MailingList) -> None:
    """Raise ConflictError for a list in the archive."""
    if found.archived_at is not None:
        raise ConflictError(N_("This list is in the archive, so nobody can subscribe to it."))
