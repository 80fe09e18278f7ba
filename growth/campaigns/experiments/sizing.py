"""How large an experiment has to be, worked out before it begins: what is expected, needed, and will be seen."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.campaigns.experimenting import planned_size
from growth.campaigns.experiments.fields import EXPECTED, Declaration
from growth.campaigns.experiments.records import CampaignEffect
from growth.campaigns.records import Campaign, CampaignRun, DeliveryCount
from growth.campaigns.states import Kind
from growth.experiments import sample_size
from growth.experiments.assigning import WHOLE

_RUNS = 20
_LEAST_PEOPLE = 500
"""Of whom a share is worth learning."""


@dataclass(frozen=True)
class Expected:
    """The share that is expected to do it, in ten-thousandths, and whether campaigns of this side taught it."""

    rate: int
    learned: bool


def expected(session: Session, side: str, outcome: str) -> Expected:
    """From the last campaigns of the side, else by rule of thumb."""
    latest = select(CampaignRun.id).join(Campaign, Campaign.id == CampaignRun.campaign_id).where(Campaign.side == side)
    latest = latest.where(CampaignRun.finished_at.is_not(None)).order_by(CampaignRun.id.desc()).limit(_RUNS)
    if outcome == "click":
        sums = select(func.sum(DeliveryCount.sent), func.sum(DeliveryCount.clicked))
        sums = sums.where(DeliveryCount.campaign_run_id.in_(latest))
    else:
        # Of a campaign that goes on and on, people are watched for longer.
        once = latest.where(Campaign.kind == Kind.ONCE).with_only_columns(CampaignRun.campaign_id)
        sums = select(func.sum(CampaignEffect.mailed), func.sum(CampaignEffect.mailed_did))
        sums = sums.where(CampaignEffect.campaign_id.in_(once), CampaignEffect.outcome == outcome)
    people, did = session.execute(sums).one()
    if not people or people < _LEAST_PEOPLE or not did:
        return Expected(EXPECTED[outcome], learned=False)
    return Expected(min(max(round(WHOLE * did / people), 1), WHOLE - 1), learned=True)


@dataclass(frozen=True)
class Foreseen:
    """What an experiment will show with the people there are."""

    needed: int
    """People in each version, for the difference that is wanted."""
    people: tuple[int, ...]
    """In each version, by name."""
    smallest: float | None
    """The rise over the first version, in shares of 1, that is seen 8 times in 10; None when even the largest isn't."""

    @property
    def enough(self) -> bool:
        """Whether every version has the people it needs."""
        return min(self.people) >= self.needed


def foresee(declared: Declaration, reached: int) -> Foreseen:
    """For so many people who would get the campaign. Pure."""
    tested = reached * declared.test_percent / 100
    people = tuple(int(tested * arm.share / WHOLE) for arm in declared.arms)
    critical = sample_size.critical_for(declared.rule, len(declared.arms) - 1)
    smallest = sample_size.smallest_seen(declared.base_rate / WHOLE, (people[0], min(people[1:])), critical)
    return Foreseen(planned_size(declared), people, smallest)
