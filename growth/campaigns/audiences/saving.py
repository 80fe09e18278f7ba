"""Saving audiences: every save is a version of its own, on the version it was made on; all of it is audited."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.conditions import Node, checked, leaves
from growth.campaigns.audiences.expanding import check_circle, check_unused, expanded, used
from growth.campaigns.audiences.reading import audience_by_id, version_of
from growth.campaigns.audiences.records import Audience, AudienceVersion
from growth.campaigns.records import Campaign
from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.locales import N_
from growth.people.permission.records import MailingList

LONGEST_NAME = 120


class ChangedError(ConflictError):
    """Somebody saved the audience first: `name` and `conditions` are theirs, `version` is the newest."""

    def __init__(self, name: str, conditions: Node, version: int) -> None:
        super().__init__(
            N_("Somebody else has saved this audience meanwhile."), remedy=N_("Compare, and keep theirs or yours.")
        )
        self.name = name
        self.conditions = conditions
        self.version = version


def create(session: Session, *, name: str, conditions: Any, actor: str, now: datetime) -> Audience:
    """A new audience. Raises InvalidError for a name, ConditionError for a condition that isn't right."""
    wanted = _usable(session, conditions)
    audience = Audience(name=_name(name), version=0, created_by=actor, created_at=now)
    with _name_unique(session):
        session.add(audience)
    _append(session, audience, wanted, actor=actor, now=now)
    _write_down(session, audience, "create audience", actor, now)
    return audience


def save(
    session: Session, audience_id: int, *, name: str, conditions: Any, version: int, actor: str, now: datetime
) -> Audience:
    """Save it under a name with conditions that were made on `version`; what is the same is no new version.

    Raises ChangedError when somebody else saved something else since, InvalidError for a name, and ConditionError for
    a condition that isn't right.
    """
    audience = _locked(session, audience_id)
    wanted, called = _usable(session, conditions), _name(name)
    check_circle(session, audience_id, wanted)
    stored = version_of(session, audience.id, audience.version).conditions
    if (wanted, called) == (stored, audience.name):
        return audience
    if audience.version != version:
        raise ChangedError(audience.name, stored, audience.version)
    with _name_unique(session):
        audience.name = called
    _append(session, audience, wanted, actor=actor, now=now)
    _write_down(session, audience, "save audience", actor, now)
    return audience


def restore(session: Session, audience_id: int, number: int, *, version: int, actor: str, now: datetime) -> Audience:
    """Save the conditions of an older version again. Raises NotFoundError, ChangedError."""
    audience = audience_by_id(session, audience_id)
    old = version_of(session, audience_id, number).conditions
    return save(session, audience_id, name=audience.name, conditions=old, version=version, actor=actor, now=now)


def duplicate(session: Session, audience_id: int, *, actor: str, now: datetime) -> Audience:
    """A copy with the newest conditions, under a free name."""
    whole = audience_by_id(session, audience_id)
    conditions = version_of(session, audience_id, whole.version).conditions
    return create(session, name=_free_name(session, whole.name), conditions=conditions, actor=actor, now=now)


def archive(session: Session, audience_id: int, *, archived: bool, actor: str, now: datetime) -> Audience:
    """Put it away, or bring it back; campaigns keep the conditions they took from it.

    Raises ConflictError when another audience uses it.
    """
    audience = _locked(session, audience_id)
    if archived:
        check_unused(session, audience_id)
    audience.archived_at = now if archived else None
    _write_down(session, audience, "archive audience" if archived else "bring back audience", actor, now)
    return audience


def _locked(session: Session, audience_id: int) -> Audience:
    audience = session.get(Audience, audience_id, with_for_update={"key_share": True}, populate_existing=True)
    if audience is None:
        raise NotFoundError(N_("There is no such audience."))
    return audience


def _usable(session: Session, conditions: Any) -> Node:
    """Checked conditions whose lists, campaigns and audiences are there."""
    found = checked(conditions)
    wanted: dict[str, set[Any]] = {"list": set(), "campaign": set()}
    for leaf in leaves(found):
        if leaf["field"] in {"list", "left_list"}:
            wanted["list"].update(leaf["value"])
        if leaf["field"] == "message":
            wanted["campaign"].update(leaf["value"]["campaigns"])
    lists = set(session.scalars(select(MailingList.key).where(MailingList.key.in_(wanted["list"]))))
    campaigns = set(session.scalars(select(Campaign.id).where(Campaign.id.in_(wanted["campaign"]))))
    audiences = set(session.scalars(select(Audience.id).where(Audience.id.in_(used(found)))))
    if gone := wanted["list"] - lists:
        raise InvalidError("audience", N_("There is no list “%(name)s”."), name=min(gone))
    if missing := wanted["campaign"] - campaigns:
        raise InvalidError("audience", N_("There is no campaign %(number)s."), number=min(missing))
    if missing := used(found) - audiences:
        raise InvalidError("audience", N_("There is no audience %(number)s."), number=min(missing))
    return found


def _append(session: Session, audience: Audience, conditions: Node, *, actor: str, now: datetime) -> None:
    audience.version += 1
    session.flush()
    fingerprint = compiled(expanded(session, conditions)).fingerprint
    session.add(
        AudienceVersion(
            audience_id=audience.id,
            version=audience.version,
            conditions=conditions,
            fingerprint=fingerprint,
            by=actor,
            at=now,
        )
    )
    session.flush()


def _write_down(session: Session, audience: Audience, action: str, actor: str, now: datetime) -> None:
    detail: Mapping[str, Any] = {"audience": audience.id, "version": audience.version}
    audit(session, actor=actor, action=action, subject=audience.name, detail=detail, now=now)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidError("name", N_("Give the audience a name."))
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError("name", N_("A name has at most %(most)s visible characters."), most=LONGEST_NAME)
    return name


@contextmanager
def _name_unique(session: Session) -> Iterator[None]:
    try:
        with session.begin_nested():
            yield
    except IntegrityError:
        raise InvalidError(
            "name", N_("There is an audience with this name already."), remedy=N_("Choose another name.")
        ) from None


def _free_name(session: Session, name: str) -> str:
    stem = name[:110]
    taken = set(session.scalars(select(Audience.name).where(Audience.name.startswith(stem, autoescape=True))))
    return next(free for number in range(2, len(taken) + 3) if (free := f"{stem} ({number})") not in taken)
