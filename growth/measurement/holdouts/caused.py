"""What a channel truly caused in a period, from its last hold-out: what stands beside its credit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.experiments.effects import MAIN
from growth.campaigns.experiments.records import CampaignEffect
from growth.campaigns.records import Campaign, CampaignRun
from growth.database.changed_days import bounds, zone_of
from growth.experiments import proportions
from growth.experiments.holdouts.estimating import LEVEL
from growth.experiments.holdouts.records import Holdout
from growth.experiments.proportions import Share, critical
from growth.measurement.holdouts.panels import came_in
from growth.measurement.periods import Period

FRESH = timedelta(days=365)
"""After that a hold-out says nothing of today."""
EMAIL = "email"
MUCH_LARGER = 1.25
"""Times what was caused; a smaller difference is no reason to act."""


@dataclass(frozen=True)
class Caused:
    """How many came because of a channel, with its interval of 90 %."""

    low: float
    value: float
    high: float
    source: str
    """What it rests on: `holdout:<id>`, or `campaigns` for the hold-outs of e-mail."""
    outcome: str
    """acquired or orders, as in the report; `order` for people who ordered at all, from campaigns."""
    measured_until: date

    def exceeded_by(self, credited: float) -> bool:
        """Whether the credit of the same outcome is much larger than what was caused: beyond what chance explains."""
        return credited > self.high and credited > MUCH_LARGER * self.value


def caused(session: Session, channel: str, side: str, period: Period, outcome: str = "acquired") -> Caused | None:
    """What a channel caused in a period, of an outcome; None where no hold-out of the last year tells it.

    A hold-out of regions told which share of all that comes fails to come without the channel; that share of all that
    came in the period is what it caused. One of people told how many more each day of those it works for did it.
    E-mail is the sum over the campaigns that began in the period and held people out: of other campaigns nobody knows.
    """
    return all_caused(session, side, period, outcome).get(channel)


def all_caused(session: Session, side: str, period: Period, outcome: str = "acquired") -> dict[str, Caused]:
    """The same of each channel of a side of which anything is known, for a page: three statements in all."""
    mine = Holdout.side == side, Holdout.state == "read", Holdout.outcome == outcome
    until = Holdout.ends_on <= period.last, Holdout.ends_on >= period.last - FRESH
    read = select(Holdout).where(*mine, *until, func.jsonb_typeof(Holdout.result) == "object")
    latest = {one.channel: one for one in session.scalars(read.order_by(Holdout.ends_on, Holdout.id))}
    everything = sum(came_in(session, side, outcome, period.first, period.last).values()) if latest else 0.0
    found = {channel: _by_holdout(one, one.result, everything, period) for channel, one in latest.items() if one.result}
    by_campaigns = _by_campaigns(session, side, period)
    return found | ({EMAIL: by_campaigns} if by_campaigns else {})


def _by_holdout(one: Holdout, told: Mapping[str, Any], everything: float, period: Period) -> Caused:
    if one.kind == "people":
        whole = told["people"]["others"] / max(told["people"]["rested"], 1) / (7 * told["weeks"]) * period.length
        low, value, high = (told[part] * whole for part in ("low", "lost", "high"))
    else:
        low, value, high = (told[part] * everything for part in ("share_low", "share", "share_high"))
    return Caused(low, value, high, f"holdout:{one.id}", one.outcome, one.ends_on)


def _by_campaigns(session: Session, side: str, period: Period) -> Caused | None:
    """Effects of campaigns are independent of each other, so their variances add up."""
    zone = zone_of(session)
    begun = select(CampaignRun.campaign_id).where(
        CampaignRun.due_at >= bounds(period.first, zone)[0], CampaignRun.due_at < bounds(period.last, zone)[1]
    )
    wanted = select(CampaignEffect).join(Campaign, Campaign.id == CampaignEffect.campaign_id)
    mine = Campaign.side == side, CampaignEffect.outcome == MAIN[side], CampaignEffect.campaign_id.in_(begun)
    value = variance = 0.0
    until = None
    for one in session.scalars(wanted.where(*mine)):
        sides = Share(one.mailed, one.mailed_did), Share(one.held_out, one.held_out_did)
        effect = proportions.difference(*sides, LEVEL)
        if effect is None:
            continue
        value += effect.effect * one.mailed
        variance += ((effect.high - effect.low) / 2 / critical(1 - LEVEL) * one.mailed) ** 2
        until = max(until or one.until, one.until)
    if until is None:
        return None
    reach = critical(1 - LEVEL) * sqrt(variance)
    outcome = "acquired" if side == "seller" else "order"
    return Caused(value - reach, value, value + reach, "campaigns", outcome, until.astimezone(zone).date())
