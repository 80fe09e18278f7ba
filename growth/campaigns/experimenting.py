"""The experiment of a campaign: what is compared, how it will be decided, and who gets which arm."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from growth.campaigns.experiments.fields import Declaration
from growth.campaigns.records import Campaign
from growth.campaigns.states import Kind
from growth.experiments import assigning, sample_size
from growth.experiments.assigning import Arm
from growth.experiments.records import Experiment, ExperimentArm

CAMPAIGN = "campaign"
ENDED = frozenset({"decided", "stopped"})


@dataclass(frozen=True)
class Setup:
    """An experiment as it was declared, and how far it is."""

    id: int
    campaign_id: int
    arms: tuple[Arm, ...]
    """By name; the first is what the others are compared with."""
    outcome: str
    horizon_days: int
    rule: str
    test_percent: int
    smallest_effect: int | None
    base_rate: int | None
    planned_size: int | None
    state: str
    started_at: datetime | None
    ends_at: datetime | None
    decided_at: datetime | None
    winner: str | None
    result: Mapping[str, Any] | None

    @property
    def serving(self) -> Arm | None:
        """What everybody gets once it is decided or stopped; None while it is compared."""
        return (self.arm(self.winner) or self.arms[0]) if self.state in ENDED else None

    def arm(self, name: str | None) -> Arm | None:
        """By name; None for none."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def arm_sql(self) -> tuple[str, dict[str, Any]]:
        """As `growth.experiments.assigning.arm_sql`; everybody has the winner once it is decided."""
        if self.serving is not None:
            return "cast(:experiment_winner as text)", {"experiment_winner": self.serving.name}
        return assigning.arm_sql(self.arms, self.test_percent)

    @property
    def declaration(self) -> Declaration:
        """What was declared, in the form in which it is saved."""
        return Declaration(**{field: getattr(self, field) for field in Declaration.__dataclass_fields__})


def experiment_of(session: Session, campaign_id: int) -> Setup | None:
    """The experiment of a campaign, if it has one.

    Nobody waits for the winner of a campaign that is sent again and again: by then it is out of place.
    """
    found = session.execute(
        select(Experiment, Campaign.kind)
        .join(Campaign, Campaign.id == Experiment.subject_id)
        .where(Experiment.subject_kind == CAMPAIGN, Experiment.subject_id == campaign_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return _setup(session, *found) if found else None


def _setup(session: Session, one: Experiment, kind: str) -> Setup:
    arms = select(ExperimentArm).where(ExperimentArm.experiment_id == one.id).order_by(ExperimentArm.name)
    kept = {field: getattr(one, field) for field in Setup.__dataclass_fields__ if hasattr(Experiment, field)}
    return Setup(
        campaign_id=one.subject_id,
        arms=tuple(Arm(arm.name, arm.share, arm.changes) for arm in session.scalars(arms)),
        **kept | {"test_percent": one.test_percent if kind == Kind.ONCE else 100},
    )


def declare(session: Session, campaign_id: int, declared: Declaration) -> None:
    """Write an experiment down; the campaign has none."""
    values = asdict(declared)
    del values["arms"]
    made = Experiment(
        subject_kind=CAMPAIGN, subject_id=campaign_id, state="planned", planned_size=planned_size(declared), **values
    )
    session.add(made)
    session.flush()
    for arm in declared.arms:
        session.add(ExperimentArm(experiment_id=made.id, name=arm.name, share=arm.share, changes=dict(arm.changes)))
    session.flush()


def planned_size(declared: Declaration) -> int:
    """People that each arm needs for the difference it is to see."""
    critical = sample_size.critical_for(declared.rule, len(declared.arms) - 1)
    return sample_size.needed(declared.base_rate / 10_000, declared.smallest_effect / 10_000, critical)


def begin_experiment(session: Session, campaign_id: int, now: datetime) -> None:
    """It runs from the moment its campaign does; again, or where there is none, nothing happens."""
    mine = Experiment.subject_kind == CAMPAIGN, Experiment.subject_id == campaign_id, Experiment.state == "planned"
    session.execute(update(Experiment).where(*mine).values(state="running", started_at=now))


def remove_experiment(session: Session, campaign_id: int) -> None:
    """As a draft is deleted, or has none any more; nothing where there is none."""
    mine = Experiment.subject_kind == CAMPAIGN, Experiment.subject_id == campaign_id
    session.execute(delete(Experiment).where(*mine))


def copy_experiment(session: Session, campaign_id: int, copy_id: int) -> None:
    """Declare the experiment of a campaign for its copy too."""
    found = experiment_of(session, campaign_id)
    if found is not None:
        declare(session, copy_id, found.declaration)
