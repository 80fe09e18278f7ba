"""Reading saved audiences: lists by key, one with its versions, and the campaigns that took their conditions."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.audiences.conditions import Node
from growth.campaigns.audiences.records import Audience, AudienceVersion
from growth.campaigns.records import Campaign
from growth.errors import NotFoundError
from growth.locales import N_
from growth.people.permission.records import MailingList

PAGE = 50
MOST_OFFERED = 300


@dataclass(frozen=True)
class Listed:
    """An audience in a list, as it is now."""

    audience: Audience
    newest: AudienceVersion


_NEWEST = (AudienceVersion.audience_id == Audience.id) & (AudienceVersion.version == Audience.version)


def audiences(
    session: Session, *, find: str = "", archived: bool = False, before: int | None = None, size: int = PAGE
) -> list[Listed]:
    """The newest first, those whose name holds `find`, older than the audience `before` when given."""
    kept = Audience.archived_at.is_not(None) if archived else Audience.archived_at.is_(None)
    wanted = select(Audience, AudienceVersion).join(AudienceVersion, _NEWEST).where(kept)
    if find:
        wanted = wanted.where(Audience.name.icontains(find, autoescape=True))
    if before is not None:
        wanted = wanted.where(Audience.id < before)
    return [Listed(*row) for row in session.execute(wanted.order_by(Audience.id.desc()).limit(size))]


def audience_by_id(session: Session, audience_id: int) -> Audience:
    """Raises NotFoundError."""
    audience = session.get(Audience, audience_id)
    if audience is None:
        raise NotFoundError(N_("There is no such audience."))
    return audience


def find_audience(session: Session, name: str) -> Audience:
    """By name, else by number. Raises NotFoundError."""
    found = session.scalar(select(Audience).where(Audience.name == name))
    if found is None and name.isascii() and name.isdecimal() and len(name) < 19:
        found = session.get(Audience, int(name))
    if found is None:
        raise NotFoundError(N_("There is no audience “%(name)s”."), name=name)
    return found


def version_of(session: Session, audience_id: int, number: int) -> AudienceVersion:
    """One version. Raises NotFoundError."""
    wanted = select(AudienceVersion).where(
        AudienceVersion.audience_id == audience_id, AudienceVersion.version == number
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError(N_("There is no such version of this audience."))
    return found


def conditions_of(session: Session, audience: Audience) -> Node:
    """Its newest conditions."""
    return version_of(session, audience.id, audience.version).conditions


def versions(session: Session, audience_id: int, *, before: int | None = None, size: int = 20) -> list[AudienceVersion]:
    """The newest first, older than the version `before` when given."""
    wanted = select(AudienceVersion).where(AudienceVersion.audience_id == audience_id)
    if before is not None:
        wanted = wanted.where(AudienceVersion.version < before)
    return list(session.scalars(wanted.order_by(AudienceVersion.version.desc()).limit(size)))


def used_in(session: Session, audience_id: int, *, size: int = PAGE) -> list[Campaign]:
    """Campaigns whose conditions were taken from it, the newest first."""
    mine = select(AudienceVersion.id).where(AudienceVersion.audience_id == audience_id)
    wanted = select(Campaign).where(Campaign.audience_version_id.in_(mine))
    return list(session.scalars(wanted.order_by(Campaign.id.desc()).limit(size)))


@dataclass(frozen=True)
class Offer:
    """What the database has to choose from in conditions, by its stored value."""

    lists: dict[str, str]
    """Names by key."""
    campaigns: dict[int, str]
    audiences: dict[int, str]


def offer(session: Session, locale: str = "en") -> Offer:
    """Lists, the newest campaigns and audiences; of each at most `MOST_OFFERED`."""
    lists = select(MailingList.key, MailingList.names).where(MailingList.archived_at.is_(None)).limit(MOST_OFFERED)
    campaigns = select(Campaign.id, Campaign.name).order_by(Campaign.id.desc()).limit(MOST_OFFERED)
    saved = select(Audience.id, Audience.name).where(Audience.archived_at.is_(None))
    return Offer(
        {
            key: names.get(locale) or names.get("en", key)
            for key, names in session.execute(lists.order_by(MailingList.id))
        },
        dict(session.execute(campaigns).all()),
        dict(session.execute(saved.order_by(Audience.id.desc()).limit(MOST_OFFERED)).all()),
    )


def names_of_lists(session: Session, keys: Collection[str], locale: str) -> dict[str, str]:
    """Names of lists in a language, else in English, by key."""
    rows = session.execute(select(MailingList.key, MailingList.names).where(MailingList.key.in_(keys)))
    return {key: names.get(locale) or names.get("en", key) for key, names in rows}


def named(session: Session, numbers: Collection[int], *, campaigns: bool = False) -> dict[int, str]:
    """Names of audiences, or of campaigns, by number."""
    table = Campaign if campaigns else Audience
    return dict(session.execute(select(table.id, table.name).where(table.id.in_(numbers))).all())


def audience_of_version(session: Session, version_id: int) -> int | None:
    """The number of the audience that a version is of."""
    return session.scalar(select(AudienceVersion.audience_id).where(AudienceVersion.id == version_id))
