"""Whom the collector believes: our sites, what a visitor's browser asks for, and what counts as a machine."""

import re
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.errors import InvalidError
from growth.events.records import CollectorRules
from growth.locales import N_

MOST_LINES = 500
_LONGEST_LINE = 253
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?")
_SHORTEST_WORD = 3


@dataclass(frozen=True)
class Rules:
    """What holds; the fields are the columns of `CollectorRules`."""

    sites: tuple[str, ...] = ()
    respects_gpc: bool = True
    respects_dnt: bool = True
    browser_orders: bool = False
    automation_is_bot: bool = True
    bot_agents: tuple[str, ...] = ()
    bot_networks: tuple[str, ...] = ()

    def takes(self, site: str | None) -> bool:
        """Whether pages of this host may send: one of ours or below it; any while none is named.

        A host without a port stands for all of its ports.
        """
        host = (site or "").rpartition(":")[0] or site or ""
        return not self.sites or any(site == one or f".{host}".endswith(f".{one}") for one in self.sites)


def collector_rules(session: Session) -> Rules:
    """The rules as saved, or those that come with the product."""
    held = session.get(CollectorRules, 1)
    if held is None:
        return Rules()
    return Rules(
        sites=tuple(held.sites),
        respects_gpc=held.respects_gpc,
        respects_dnt=held.respects_dnt,
        browser_orders=held.browser_orders,
        automation_is_bot=held.automation_is_bot,
        bot_agents=tuple(held.bot_agents),
        bot_networks=tuple(held.bot_networks),
    )


def save_collector_rules(session: Session, new: Rules, *, actor: str, now: datetime) -> bool:
    """Keep them, with what changed in the audit log; tells whether anything did."""
    before = collector_rules(session)
    changed = {
        name: {"before": _plain(getattr(before, name)), "after": _plain(getattr(new, name))}
        for name in Rules.__dataclass_fields__
        if getattr(before, name) != getattr(new, name)
    }
    if changed:
        values = {name: _plain(getattr(new, name)) for name in Rules.__dataclass_fields__}
        saved = insert(CollectorRules).values(id=1, **values)
        session.execute(saved.on_conflict_do_update(index_elements=["id"], set_=values))
        session.expire_all()
        audit(session, actor=actor, action="collector.rules", subject="collector", detail=changed, now=now)
    return bool(changed)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def lines_of(text: str, field: str) -> tuple[str, ...]:
    """The lines of a text field, trimmed, in lower case, each once. Raises InvalidError for too many or too long."""
    lines = tuple(dict.fromkeys(line.strip().lower() for line in text.splitlines() if line.strip()))
    if len(lines) > MOST_LINES or any(len(line) > _LONGEST_LINE for line in lines):
        raise InvalidError(field, N_("At most %(most)s lines fit here, each of 253 letters."), most=MOST_LINES)
    return lines


def sites_of(text: str) -> tuple[str, ...]:
    """Hosts, one a line, also as copied from an address bar. Raises InvalidError (field `sites`)."""
    hosts = []
    for line in lines_of(text, "sites"):
        host = re.sub(r"^https?://", "", line).split("/")[0]
        if not _HOST.fullmatch(host):
            raise InvalidError(
                "sites",
                N_("“%(line)s” is no host."),
                remedy=N_("Write one a line, such as shop.example.com."),
                line=line[:80],
            )
        hosts.append(host)
    return tuple(dict.fromkeys(hosts))


def agents_of(text: str) -> tuple[str, ...]:
    """Words of bots' names. Raises InvalidError (field `bot_agents`) for one that would match everybody."""
    words = lines_of(text, "bot_agents")
    if any(len(word) < _SHORTEST_WORD or word in "mozilla/5.0 applewebkit (khtml, like gecko)" for word in words):
        raise InvalidError("bot_agents", N_("Such a short or common word stands in the names of people's browsers."))
    return words


def networks_of(text: str) -> tuple[str, ...]:
    """Networks, one a line. Raises InvalidError (field `bot_networks`)."""
    lines = lines_of(text, "bot_networks")
    for line in lines:
        try:
            ip_network(line, strict=False)
        except ValueError:
            raise InvalidError(
                "bot_networks",
                N_("“%(line)s” is no network."),
                remedy=N_("Write one a line, such as 198.51.100.0/24 or 2001:db8::/32."),
                line=line[:80],
            ) from None
    return lines
