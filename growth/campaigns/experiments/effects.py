"""What sending truly caused: counted by run while its time counts, added up for a campaign."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.experimenting import experiment_of
from growth.campaigns.experiments.outcomes import beside
from growth.campaigns.experiments.records import CampaignEffect
from growth.campaigns.records import Campaign, CampaignRun
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


# The longer ago a run began, the less its figures change in ten minutes.
_DUE = text("""
    select run.id from campaign_run run join campaign on campaign.id = run.campaign_id
    left join campaign_effect effect on effect.campaign_run_id = run.id
        and effect.outcome = case campaign.side when 'seller' then 'shop_open' else 'order' end
    where run.id > :after and run.selected_at is not null and campaign.holdout_percent > 0
        and run.due_at > :now - interval '150 days' and not coalesce(effect.final, false)
        and (effect.until is null or effect.until <= :now - (:now - run.due_at) / 20)
    order by run.id limit :size
""")


def count_effects(session: Session, now: datetime, after: int | None, size: int) -> Step:
    """Count the next `size` runs whose figures may have changed; safe to repeat."""
    found = session.scalars(_DUE, {"now": now, "after": after or 0, "size": size}).all()
    for run_id in found:
        count_run(session, session.get_one(CampaignRun, run_id), now)
    return Step(done=len(found), next=found[-1] if len(found) == size else None)


def count_run(session: Session, run: CampaignRun, now: datetime) -> None:
    """Write down what a run caused so far."""
    campaign = session.get_one(Campaign, run.campaign_id)
    experiment = experiment_of(session, campaign.id)
    until, final = window(run, experiment.horizon_days if experiment else DAYS, now)
    for outcome in outcomes_of(campaign.side, experiment.outcome if experiment else None):
        found = beside(session, run, campaign.side, outcome, until)
        values = {"until": until, "final": final, "unrated": " ".join(found.unrated)}
        for name, side in (("mailed", found.mailed), ("held_out", found.held_out)):
            figures = (side.people, side.did, side.minor, side.squares)
            values |= dict(zip((name, f"{name}_did", f"{name}_minor", f"{name}_squares"), figures, strict=True))
        row = insert(CampaignEffect).values(campaign_run_id=run.id, outcome=outcome, **values)
        session.execute(row.on_conflict_do_update(index_elements=["campaign_run_id", "outcome"], set_=values))


def window(run: CampaignRun, days: int, now: datetime) -> tuple[datetime, bool]:
    """Until when is counted, and whether that is all: so many days after the last message of the run."""
    if run.finished_at is None:
        return now, False
    closes = run.finished_at + timedelta(days=days)
    return min(now, closes), now >= closes


@dataclass(frozen=True)
class Caused:
    """What a campaign caused of one outcome, over all its runs."""

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
    """By outcome, the side's own first; empty before the first count. Somebody in several runs counts in each."""
    effect = CampaignEffect
    names = [one.name for one in effect.__table__.columns if one.name.startswith(("mailed", "held_out"))]
    sums = [func.sum(getattr(effect, name)).label(name) for name in names]
    wanted = select(
        effect.outcome,
        *sums,
        func.string_agg(effect.unrated.distinct(), " ").label("unrated"),
        func.max(effect.until).label("until"),
        func.bool_and(effect.final).label("final"),
    ).join(CampaignRun, CampaignRun.id == effect.campaign_run_id)
    rows = session.execute(wanted.where(CampaignRun.campaign_id == campaign_id).group_by(effect.outcome)).mappings()
    return sorted(map(_caused, rows), key=lambda one: (one.outcome not in MAIN.values(), one.outcome))


def _caused(row: RowMapping) -> Caused:
    def spread(side: str) -> Spread:
        return Spread.of_sums(int(row[side]), float(row[f"{side}_minor"]), float(row[f"{side}_squares"]))

    return Caused(
        outcome=row["outcome"],
        mailed=Share(int(row["mailed"]), int(row["mailed_did"])),
        held_out=Share(int(row["held_out"]), int(row["held_out_did"])),
        mailed_value=spread("mailed"),
        held_out_value=spread("held_out"),
        unrated=tuple(sorted(set(row["unrated"].split()))),
        until=row["until"],
        final=row["final"],
    )
