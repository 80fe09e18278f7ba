"""What else happened around a departure: pages' answer time, bots, budgets, campaigns that stopped, missing rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign, CampaignRun
from growth.database.changed_days import bounds, zone_of
from growth.events.records import Event
from growth.measurement.anomalies.series import ALL
from growth.measurement.records import ChannelDay
from growth.spend.budgets import exhausted
from growth.spend.records import Cost

BEFORE = 14
"""Days before a departure that it is compared with."""
LOOKED_AT = 20_000
"""Page views looked at on either side, the latest ones."""
ENOUGH = 30
_BY_EMAIL = {"buyer": "email", "seller": "online"}


@dataclass(frozen=True)
class Views:
    """Page views of some days, by country and in all (`*`)."""

    seen: Mapping[str, int]
    bots: Mapping[str, int]
    answers: Mapping[str, float]
    """Median milliseconds until a page answered, where at least ENOUGH pages say so."""

    def bot_share(self, country: str) -> float | None:
        """What bots make of them; None of too few."""
        seen = self.seen.get(country, 0)
        return self.bots.get(country, 0) / seen if seen >= ENOUGH else None


@dataclass(frozen=True)
class Surroundings:
    """What is known around the days since a departure, by channel or country."""

    exhausted: frozenset[str] = frozenset()
    before: Views = field(default_factory=lambda: Views({}, {}, {}))
    now: Views = field(default_factory=lambda: Views({}, {}, {}))
    stopped: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Campaigns by channel that cost something in the days before, and nothing since."""
    uncosted: frozenset[str] = frozenset()
    """Channels that cost something in the days before, and nothing since."""
    ended: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """E-mail campaigns by channel that were sent to the end just before, or are paused."""
    unrated: Mapping[str, str] = field(default_factory=dict)
    """Currencies by channel that have no rate on some of the days."""


def surroundings(session: Session, side: str, since: date, last: date, now: datetime) -> Surroundings:
    """Read them for the days `since` to `last`, against the days before."""
    zone = zone_of(session)
    first, begins, ends = (
        bounds(day, zone)[0] for day in (since - timedelta(days=BEFORE), since, last + timedelta(days=1))
    )
    stopped, uncosted = _without_cost(session, side, since, last)
    return Surroundings(
        exhausted=frozenset(exhausted(session, side, now)),
        before=_views(session, side, first, begins),
        now=_views(session, side, begins, ends),
        stopped=stopped,
        uncosted=uncosted,
        ended=_ended(session, side, begins),
        unrated=_unrated(session, side, since, last),
    )


def _views(session: Session, side: str, first: datetime, end: datetime) -> Views:
    columns = (func.coalesce(Event.country, "").label("country"), Event.bot.is_not(None).label("bot"),
               Event.properties["answer_ms"].astext.label("answer"))  # fmt: skip
    lately = select(*columns).where(Event.kind == "page_view", Event.side == side,
                                    Event.occurred_at >= first, Event.occurred_at < end)  # fmt: skip
    seen: dict[str, int] = {}
    bots: dict[str, int] = {}
    told: dict[str, list[float]] = {}
    for country, bot, answer in session.execute(lately.order_by(Event.occurred_at.desc()).limit(LOOKED_AT)):
        for place in (country, ALL):
            seen[place] = seen.get(place, 0) + 1
            bots[place] = bots.get(place, 0) + bot
            if not bot and answer and answer.isascii() and answer.isdecimal() and len(answer) < 7:
                told.setdefault(place, []).append(int(answer))
    return Views(seen, bots, {place: median(ones) for place, ones in told.items() if len(ones) >= ENOUGH})


def _without_cost(
    session: Session, side: str, since: date, last: date
) -> tuple[Mapping[str, Sequence[str]], frozenset[str]]:
    """By channel the campaigns, and the channels, without cost since a day, of those that had some before."""
    was = func.sum(Cost.amount_minor).filter(Cost.day < since)
    has = func.coalesce(func.sum(Cost.amount_minor).filter(Cost.day >= since), 0)
    spent = select(Cost.channel, Cost.campaign, was > 0, has > 0).where(
        Cost.day.between(since - timedelta(days=BEFORE), last), Cost.side == side
    )
    stopped: dict[str, list[str]] = {}
    channels: dict[str, list[bool]] = {}
    for channel, campaign, before, since_then in session.execute(
        spent.group_by(Cost.channel, Cost.campaign).order_by(Cost.channel, was.desc())
    ):
        if before and not since_then and campaign:
            stopped.setdefault(channel, []).append(campaign)
        if before or since_then:
            channels.setdefault(channel, []).append(bool(since_then))
    return stopped, frozenset(channel for channel, ones in channels.items() if not any(ones))


def _ended(session: Session, side: str, begins: datetime) -> Mapping[str, Sequence[str]]:
    finished = select(true()).where(
        CampaignRun.campaign_id == Campaign.id, CampaignRun.finished_at.between(begins - timedelta(days=7), begins)
    )
    mine = select(Campaign.name).where(
        Campaign.side == side, Campaign.state.in_(["paused", "sent"]), (Campaign.state == "paused") | finished.exists()
    )
    names = session.scalars(mine.order_by(Campaign.id.desc()).limit(5)).all()
    return {_BY_EMAIL[side]: names} if names else {}


def _unrated(session: Session, side: str, since: date, last: date) -> Mapping[str, str]:
    days = select(ChannelDay.channel, ChannelDay.unrated).where(
        ChannelDay.side == side, ChannelDay.day.between(since, last), ChannelDay.unrated != ""
    )
    found: dict[str, set[str]] = {}
    for channel, currencies in session.execute(days.distinct()):
        found.setdefault(channel, set()).update(currencies.split())
    return {channel: ", ".join(sorted(ones)) for channel, ones in found.items()}
