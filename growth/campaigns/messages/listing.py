"""The messages there are, and the versions of one, for the pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import locales_in
from growth.campaigns.messages.records import Message, MessageVersion
from growth.campaigns.messages.sources import message_names, source_of
from growth.campaigns.records import Campaign
from growth.errors import GrowthError

PAGE = 24


@dataclass(frozen=True)
class Listed:
    """A message in the list."""

    name: str
    version: int
    """0 for the shipped one."""
    locales: tuple[str, ...]
    """Empty for one that can't be put together."""
    changed_at: datetime | None
    changed_by: str | None
    campaigns: int
    archived: bool


def messages(session: Session, *, archived: bool, after: str | None, size: int) -> list[Listed]:
    """The next `size` messages after a name: those in use, or those in the archive."""
    offered = set(message_names(session))
    names = sorted(set(message_names(session, archived=True)) - offered) if archived else sorted(offered)
    page = [name for name in names if name > (after or "")][:size]
    newest = select(MessageVersion).join(
        Message, (Message.name == MessageVersion.message) & (Message.version == MessageVersion.version)
    )
    rows = {row.message: row for row in session.scalars(newest.where(Message.name.in_(page)))}
    used = select(Campaign.message, func.count()).where(Campaign.message.in_(page)).group_by(Campaign.message)
    campaigns: dict[str, int] = dict(session.execute(used).all())
    return [
        Listed(
            name=name,
            version=rows[name].version if name in rows else 0,
            locales=tuple(_locales(session, name)),
            changed_at=rows[name].at if name in rows else None,
            changed_by=rows[name].by if name in rows else None,
            campaigns=campaigns.get(name, 0),
            archived=archived,
        )
        for name in page
    ]


def _locales(session: Session, name: str) -> list[str]:
    try:
        return locales_in(source_of(session, name))
    except GrowthError:
        return []


def versions(session: Session, name: str, *, before: int | None, size: int) -> Sequence[MessageVersion]:
    """The versions saved of a message, the newest first, those before a number when given."""
    found = select(MessageVersion).where(MessageVersion.message == name)
    if before is not None:
        found = found.where(MessageVersion.version < before)
    return session.scalars(found.order_by(MessageVersion.version.desc()).limit(size)).all()


def used_by(session: Session, name: str, size: int = 10) -> list[tuple[int, str]]:
    """Id and name of the campaigns that have a message, the newest first."""
    found = select(Campaign.id, Campaign.name).where(Campaign.message == name)
    return [(campaign, called) for campaign, called in session.execute(found.order_by(Campaign.id.desc()).limit(size))]
