"""Reading campaigns for pages and commands: lists by key, one with its figures, and the people of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.choosing.reviewing import foreseen
from growth.campaigns.counting import Counts, counts_of, left_out, total
from growth.campaigns.email.claim import under_way
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch, Exclusion
from growth.errors import NotFoundError
from growth.locales import N_
from growth.people.reading import names_of

PAGE = 50
UNDER_WAY = "claimed"
"""The state, for readers, of a message whose batch has no answer yet."""
MOST_RUNS = 1_000
"""Runs of one campaign that are added up: a triggered one has one a day."""
WAITING = ("planned", UNDER_WAY, "in_doubt")
TROUBLE = ("refused", "bounced", "complained")


@dataclass(frozen=True)
class Listed:
    """A campaign in a list, with the figures of all its runs."""

    campaign: Campaign
    counts: Counts


@dataclass(frozen=True)
class Whole:
    """A campaign with its latest run, and over all of its runs the figures and whom they left out by reason."""

    campaign: Campaign
    run: CampaignRun | None
    counts: Counts
    left_out: dict[str, int]
    times: int
    """How many runs it has, up to `MOST_RUNS`."""


@dataclass(frozen=True)
class Sent:
    """One time that a campaign went out."""

    run: CampaignRun
    counts: Counts


@dataclass(frozen=True)
class Receiver:
    """One message of a run; the name is unsealed."""

    delivery: Delivery
    state: str
    """The delivery's, or `claimed` while it is under way."""
    name: str | None
    place: int
    """Where the next page begins after."""


@dataclass(frozen=True)
class LeftOut:
    """Somebody who gets nothing."""

    person_id: int
    name: str | None


def campaign_by_id(session: Session, campaign_id: int) -> Campaign:
    """Raises NotFoundError."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFoundError(N_("There is no such campaign."), remedy=N_("It may have been deleted."))
    return campaign


def find_campaign(session: Session, name: str) -> Campaign:
    """By name, else by number. Raises NotFoundError."""
    found = session.scalar(select(Campaign).where(Campaign.name == name))
    if found is None and name.isascii() and name.isdecimal() and len(name) < 19:
        found = session.get(Campaign, int(name))
    if found is None:
        raise NotFoundError(N_("There is no campaign “%(name)s”."), name=name)
    return found


def campaigns(
    session: Session, *, state: str | None, before: int | None, archived: bool = False, size: int = PAGE
) -> list[Listed]:
    """The newest first, in one state when given, older than the campaign `before` when given.

    Those in the archive are left out, or with `archived` nothing but those is listed.
    """
    away = Campaign.archived_at.is_not(None) if archived else Campaign.archived_at.is_(None)
    wanted = select(Campaign).where(away).order_by(Campaign.id.desc()).limit(size)
    if state is not None:
        wanted = wanted.where(Campaign.state == state)
    if before is not None:
        wanted = wanted.where(Campaign.id < before)
    found = session.scalars(wanted).all()
    figures = _figures(session, [one.id for one in found])
    return [Listed(one, figures.get(one.id, Counts())) for one in found]


def campaigns_to(session: Session, list_id: int, size: int) -> Sequence[Campaign]:
    """The newest campaigns about the topic of a list."""
    wanted = select(Campaign).where(Campaign.list_id == list_id, Campaign.archived_at.is_(None))
    return session.scalars(wanted.order_by(Campaign.id.desc()).limit(size)).all()


def _figures(session: Session, campaign_ids: Sequence[int]) -> dict[int, Counts]:
    """The figures of each campaign, all of its runs together."""
    found = select(CampaignRun.id, CampaignRun.campaign_id).where(CampaignRun.campaign_id.in_(campaign_ids))
    owners: dict[int, int] = dict(session.execute(found).all())
    counted = counts_of(session, list(owners))
    return {
        campaign: total(counts for run, counts in counted.items() if owners[run] == campaign)
        for campaign in set(owners.values())
    }


def whole(session: Session, campaign_id: int) -> Whole:
    """One campaign. Raises NotFoundError."""
    campaign = campaign_by_id(session, campaign_id)
    runs = _runs(session, campaign_id, MOST_RUNS)
    if not runs:
        return Whole(campaign, None, Counts(), {}, 0)
    ids = [run.id for run in runs]
    return Whole(campaign, runs[0], total(counts_of(session, ids).values()), left_out(session, ids), len(runs))


def _runs(session: Session, campaign_id: int, size: int) -> Sequence[CampaignRun]:
    found = select(CampaignRun).where(CampaignRun.campaign_id == campaign_id)
    return session.scalars(found.order_by(CampaignRun.due_at.desc()).limit(size)).all()


def times_sent(session: Session, campaign_id: int, *, before: datetime | None = None, size: int = PAGE) -> list[Sent]:
    """The runs of a campaign with their figures, the newest first, those due before a moment when given."""
    found = select(CampaignRun).where(CampaignRun.campaign_id == campaign_id)
    if before is not None:
        found = found.where(CampaignRun.due_at < before)
    runs = session.scalars(found.order_by(CampaignRun.due_at.desc()).limit(size)).all()
    figures = counts_of(session, [run.id for run in runs])
    return [Sent(run, figures.get(run.id, Counts())) for run in runs]


def run_of(session: Session, campaign_id: int, run_id: int | None) -> CampaignRun | None:
    """The campaign's run of this id, or its latest when it has none such."""
    run = session.get(CampaignRun, run_id) if run_id is not None else None
    return run if run is not None and run.campaign_id == campaign_id else latest_run(session, campaign_id)


def latest_run(session: Session, campaign_id: int) -> CampaignRun | None:
    """The newest run, which lists of people are of."""
    return next(iter(_runs(session, campaign_id, 1)), None)


def receivers(
    session: Session, run_id: int, *, state: str | None, after: int | None, size: int = PAGE
) -> list[Receiver]:
    """Messages of a run, those after the place `after`; of one state of WAITING or TROUBLE when given.

    All are by person, those of one state by their own id: for each order there is an index.
    """
    key = Delivery.person_id if state is None else Delivery.id
    wanted = select(Delivery, key).where(Delivery.campaign_run_id == run_id).order_by(key).limit(size)
    if state is not None:
        batches = under_way().where(DeliveryBatch.campaign_run_id == run_id)
        wanted = wanted.where(Delivery.batch_id.in_(batches) if state == UNDER_WAY else Delivery.filed == state)
    if after is not None:
        wanted = wanted.where(key > after)
    found = session.execute(wanted).all()
    names = names_of(session, [delivery.person_id for delivery, _ in found])
    states = states_of(session, [delivery for delivery, _ in found])
    return [Receiver(one, states[one.id], names.get(one.person_id), place) for one, place in found]


def states_of(session: Session, deliveries: Sequence[Delivery]) -> dict[int, str]:
    """How far messages are, by id: as their record says, but for those that nobody has answered for yet."""
    batches = {one.batch_id for one in deliveries if one.state == "accepted"}
    waiting = set(session.scalars(under_way().where(DeliveryBatch.id.in_(batches)))) if batches else set()
    return {
        one.id: UNDER_WAY if one.state == "accepted" and one.batch_id in waiting else one.state for one in deliveries
    }


def left_out_people(
    session: Session,
    campaign: Campaign,
    *,
    reason: str,
    after: int | None,
    now: datetime,
    run_id: int | None = None,
    size: int = PAGE,
) -> list[LeftOut]:
    """People a run (the latest) left out for a reason, or before it is sent would, those after the person `after`."""
    run = run_of(session, campaign.id, run_id)
    if run is None:
        people = foreseen(session, campaign, reason=reason, after=after, size=size, now=now)
    else:
        people = _excluded(session, run.id, reason, after, size)
    names = names_of(session, people)
    return [LeftOut(person, names.get(person)) for person in people]


def _excluded(session: Session, run_id: int, reason: str, after: int | None, size: int) -> list[int]:
    wanted = select(Exclusion.person_id).where(Exclusion.campaign_run_id == run_id, Exclusion.reason == reason)
    if after is not None:
        wanted = wanted.where(Exclusion.person_id > after)
    return list(session.scalars(wanted.order_by(Exclusion.person_id).limit(size)))
