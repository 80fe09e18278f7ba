"""Reading campaigns for pages and commands: lists by key, one with its figures, and the people of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.audience import foreseen
from growth.campaigns.counting import Counts, counts_of, left_out
from growth.campaigns.records import Campaign, CampaignRun, Delivery, Exclusion
from growth.errors import NotFoundError
from growth.locales import N_
from growth.people.reading import names_of

PAGE = 50
WAITING = ("planned", "claimed", "in_doubt")
TROUBLE = ("refused", "bounced", "complained")


@dataclass(frozen=True)
class Listed:
    """A campaign in a list, with the figures of all its runs."""

    campaign: Campaign
    counts: Counts


@dataclass(frozen=True)
class Whole:
    """A campaign with its latest run, that run's figures, and whom it left out by reason."""

    campaign: Campaign
    run: CampaignRun | None
    counts: Counts
    left_out: dict[str, int]


@dataclass(frozen=True)
class Receiver:
    """One message of a run; the name is unsealed."""

    delivery: Delivery
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


def campaigns(session: Session, *, state: str | None, before: int | None, size: int = PAGE) -> list[Listed]:
    """The newest first, in one state when given, older than the campaign `before` when given."""
    wanted = select(Campaign).order_by(Campaign.id.desc()).limit(size)
    if state is not None:
        wanted = wanted.where(Campaign.state == state)
    if before is not None:
        wanted = wanted.where(Campaign.id < before)
    found = session.scalars(wanted).all()
    figures = _figures(session, [one.id for one in found])
    return [Listed(one, figures.get(one.id, Counts())) for one in found]


def _figures(session: Session, campaign_ids: Sequence[int]) -> dict[int, Counts]:
    """The figures of each campaign's latest run."""
    latest = select(CampaignRun.campaign_id, CampaignRun.id).where(CampaignRun.campaign_id.in_(campaign_ids))
    runs: dict[int, int] = dict(session.execute(latest.order_by(CampaignRun.due_at)).all())
    figures = counts_of(session, list(runs.values()))
    return {campaign: figures[run] for campaign, run in runs.items() if run in figures}


def whole(session: Session, campaign_id: int) -> Whole:
    """One campaign. Raises NotFoundError."""
    campaign = campaign_by_id(session, campaign_id)
    run = latest_run(session, campaign_id)
    if run is None:
        return Whole(campaign, None, Counts(), {})
    counts = counts_of(session, [run.id]).get(run.id, Counts())
    return Whole(campaign, run, counts, left_out(session, run.id))


def latest_run(session: Session, campaign_id: int) -> CampaignRun | None:
    """The run that figures and lists are of."""
    runs = select(CampaignRun).where(CampaignRun.campaign_id == campaign_id)
    return session.scalar(runs.order_by(CampaignRun.due_at.desc()).limit(1))


def receivers(
    session: Session, run_id: int, *, state: str | None, after: int | None, size: int = PAGE
) -> list[Receiver]:
    """Messages of a run, those after the place `after`; of one state of WAITING or TROUBLE when given.

    All are by person, those of one state by their own id: for each order there is an index.
    """
    key = Delivery.person_id if state is None else Delivery.id
    wanted = select(Delivery, key).where(Delivery.campaign_run_id == run_id).order_by(key).limit(size)
    if state is not None:
        wanted = wanted.where(Delivery.state == state)
    if after is not None:
        wanted = wanted.where(key > after)
    found = session.execute(wanted).all()
    names = names_of(session, [delivery.person_id for delivery, _ in found])
    return [Receiver(delivery, names.get(delivery.person_id), place) for delivery, place in found]


def left_out_people(
    session: Session, campaign: Campaign, *, reason: str, after: int | None, size: int = PAGE
) -> list[LeftOut]:
    """People a campaign left out for a reason, or before it is sent would, those after the person `after`."""
    run = latest_run(session, campaign.id)
    if run is None:
        people = foreseen(session, campaign, reason=reason, after=after, size=size)
    else:
        people = _excluded(session, run.id, reason, after, size)
    names = names_of(session, people)
    return [LeftOut(person, names.get(person)) for person in people]


def _excluded(session: Session, run_id: int, reason: str, after: int | None, size: int) -> list[int]:
    wanted = select(Exclusion.person_id).where(Exclusion.campaign_run_id == run_id, Exclusion.reason == reason)
    if after is not None:
        wanted = wanted.where(Exclusion.person_id > after)
    return list(session.scalars(wanted.order_by(Exclusion.person_id).limit(size)))
