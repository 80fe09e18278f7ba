"""What sending truly caused: counted while its time counts, and kept for the campaign's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.experimenting import experiment_of
from growth.campaigns.experiments.outcomes import beside
from growth.campaigns.experiments.records import CampaignEffect
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.states import FINAL, Kind
from growth.experiments import means, proportions
from growth.experiments.means import Spread
from growth.experiments.proportions import Effect, Share
from growth.scheduling.run import Step

DAYS = 7
"""How long after sending is counted where no experiment says so."""
MAIN = {"buyer": "order", "seller": "shop_open"}
"""What a campaign is for in the end."""


def outcomes_of(side: str, declared: str | None) -> list[str]:
    """What is counted: the side's conversion, and what an experiment counts. A click says nothing of those held out."""
    return list(dict.fromkeys([MAIN[side], *([declared] if declared not in {None, "click"} else [])]))


# The longer ago a campaign began, the less its figures change in ten minutes.
_DUE = text("""
    select campaign.id from campaign
    left join campaign_effect effect on effect.campaign_id = campaign.id
        and effect.outcome = case campaign.side when 'seller' then 'shop_open' else 'order' end
    cross join lateral (
        select min(due_at) as first, max(due_at) as last from campaign_run
        where campaign_id = campaign.id and selected_at is not null) run
    where campaign.id > :after and campaign.holdout_percent > 0 and not coalesce(effect.final, false)
        and run.last > :now - interval '150 days'
        and (effect.until is null or effect.until <= :now - least((:now - run.first) / 20, interval '7 days'))
    order by campaign.id limit :size
""")


def count_effects(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Count the next `size` campaigns whose figures may have changed; safe to repeat."""
    found = session.scalars(_DUE, {"now": now, "after": after or 0, "size": size}).all()
    for campaign_id in found:
        count_campaign(session, session.get_one(Campaign, campaign_id), now)
    return Step(done=len(found), next=found[-1] if len(found) == size else None)


def count_campaign(session: Session, campaign: Campaign, now: datetime) -> None:
    """Write down what a campaign caused so far; it has a run whose people are chosen."""
    chosen = CampaignRun.campaign_id == campaign.id, CampaignRun.selected_at.is_not(None)
    runs = session.scalars(select(CampaignRun).where(*chosen).order_by(CampaignRun.due_at)).all()
    experiment = experiment_of(session, campaign.id)
    until, final = window(campaign, runs, experiment.horizon_days if experiment else DAYS, now)
    for outcome in outcomes_of(campaign.side, experiment.outcome if experiment else None):
        found = beside(session, runs, campaign.side, outcome, until)
        values = {"until": until, "final": final, "unrated": " ".join(found.unrated)}
        for name, side in (("mailed", found.mailed), ("held_out", found.held_out)):
            figures = (side.people, side.did, side.minor, side.squares)
            values |= dict(zip((name, f"{name}_did", f"{name}_minor", f"{name}_squares"), figures, strict=True))
        row = insert(CampaignEffect).values(campaign_id=campaign.id, outcome=outcome, **values)
        session.execute(row.on_conflict_do_update(index_elements=["campaign_id", "outcome"], set_=values))


def window(campaign: Campaign, runs: Sequence[CampaignRun], days: int, now: datetime) -> tuple[datetime, bool]:
    """Until when is counted, and whether that is all: so many days after the last message of the last run. Pure."""
    finished = [run.finished_at for run in runs if run.finished_at is not None]
    if len(finished) < len(runs) or (campaign.kind != Kind.ONCE and campaign.state not in FINAL):
        return now, False
    closes = max(finished) + timedelta(days=days)
    return min(now, closes), now >= closes


@dataclass(frozen=True)
class Caused:
    """What a campaign caused of one outcome, over all its runs; a person counts once."""

    outcome: str
    mailed: Share
    held_out: Share
    mailed_value: Spread
    held_out_value: Spread
    unrated: tuple[str, ...]
    until: datetime
    final: bool

    @property
    def effect(self) -> Effect | None:
        """The share that did it because of the campaign, of all it was for; None without anybody held out."""
        return proportions.difference(self.mailed, self.held_out)

    @property
    def value(self) -> Effect | None:
        """Minor units a person that came because of it."""
        if not self.mailed_value.squares and not self.held_out_value.squares:
            return None
        return means.difference(self.mailed_value, self.held_out_value)


def caused(session: Session, campaign_id: int) -> list[Caused]:
    """By outcome, the side's own first; empty before the first count."""
    found = session.scalars(select(CampaignEffect).where(CampaignEffect.campaign_id == campaign_id))
    return sorted(map(_caused, found), key=lambda one: (one.outcome not in MAIN.values(), one.outcome))


def _caused(kept: CampaignEffect) -> Caused:
    return Caused(
        outcome=kept.outcome,
        mailed=Share(kept.mailed, kept.mailed_did),
        held_out=Share(kept.held_out, kept.held_out_did),
        mailed_value=Spread.of_sums(kept.mailed, float(kept.mailed_minor), float(kept.mailed_squares)),
        held_out_value=Spread.of_sums(kept.held_out, float(kept.held_out_minor), float(kept.held_out_squares)),
        unrated=tuple(kept.unrated.split()),
        until=kept.until,
        final=kept.final,
    )
