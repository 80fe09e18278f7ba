"""Planning a campaign: drafting, saving beside others, scheduling, pausing, cancelling; all but drafts is audited."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.campaigns.fields import checked, past
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.states import Action, State, after
from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.locales import N_
from growth.people.consent import MARKETING
from growth.scheduling.firing import run_now

SENDING_JOB = "send_campaigns"


@dataclass(frozen=True)
class Difference:
    """A field that somebody else saved otherwise meanwhile."""

    field: str
    mine: Any
    theirs: Any


class ChangedError(ConflictError):
    """Somebody saved the draft first; `differences` says what a save would overwrite, `version` is the newest."""

    def __init__(self, differences: tuple[Difference, ...], version: int) -> None:
        super().__init__(
            N_("Somebody else has saved this campaign meanwhile."), remedy=N_("Compare, and keep theirs or yours.")
        )
        self.differences = differences
        self.version = version


def create(session: Session, *, name: str, side: str, message: str, actor: str, now: datetime) -> Campaign:
    """A new draft, for everybody on the side's list. Raises InvalidError for a field that isn't right."""
    wanted = checked({"name": name, "side": side, "message": message})
    empty: dict[str, Any] = {"locales": [], "countries": [], "joined_after": None}
    campaign = Campaign(
        **wanted, purpose=MARKETING, audience=empty, state=State.DRAFT, created_by=actor, created_at=now, version=1
    )
    with _name_unique(session):
        session.add(campaign)
    return campaign


@contextmanager
def _name_unique(session: Session) -> Iterator[None]:
    try:
        with session.begin_nested():
            yield
    except IntegrityError:
        raise InvalidError(
            "name", N_("There is a campaign with this name already."), remedy=N_("Choose another name.")
        ) from None


def save(session: Session, campaign_id: int, changes: Mapping[str, Any], *, version: int) -> Campaign:
    """Change fields of a draft (`growth.campaigns.fields`), all or none.

    `version` is the one the changes were made on. Raises ChangedError when somebody else saved other values since,
    InvalidError for a field that isn't right, and ConflictError when it is no draft any more.
    """
    wanted = checked(changes)
    campaign = locked(session, campaign_id)
    differences = compare(campaign, wanted)
    if not differences:
        return campaign
    if campaign.state != State.DRAFT:
        raise ConflictError(
            N_("Only a draft can be changed."), remedy=N_("Take the campaign back first, then change it.")
        )
    if campaign.version != version:
        raise ChangedError(differences, campaign.version)
    with _name_unique(session):
        for field, value in wanted.items():
            setattr(campaign, field, value)
        campaign.version += 1
    return campaign


def compare(campaign: Campaign, wanted: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields in which a draft isn't as wanted."""
    stored = {field: getattr(campaign, field) for field in wanted}
    return tuple(Difference(field, wanted[field], stored[field]) for field in wanted if wanted[field] != stored[field])


def locked(session: Session, campaign_id: int) -> Campaign:
    """The campaign, locked until the transaction ends. Raises NotFoundError."""
    campaign = session.get(Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True)
    if campaign is None:
        raise NotFoundError(N_("There is no such campaign."), remedy=N_("It may have been deleted."))
    return campaign


def duplicate(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """A draft with everything of another campaign but its moment."""
    whole = locked(session, campaign_id)
    copy = Campaign(
        name=_free_name(session, whole.name),
        **{field: getattr(whole, field) for field in ("side", "purpose", "message", "audience", "holdout_percent")},
        state=State.DRAFT,
        created_by=actor,
        created_at=now,
        version=1,
    )
    with _name_unique(session):
        session.add(copy)
    return copy


def _free_name(session: Session, name: str) -> str:
    stem = name[:110]
    taken = set(session.scalars(select(Campaign.name).where(Campaign.name.startswith(stem, autoescape=True))))
    return next(free for number in range(2, len(taken) + 3) if (free := f"{stem} ({number})") not in taken)


def delete_draft(session: Session, campaign_id: int) -> None:
    """Delete a draft. Raises ConflictError when it is none."""
    campaign = locked(session, campaign_id)
    after(State(campaign.state), Action.DELETE, begun=begun(session, campaign_id))
    session.execute(delete(Campaign).where(Campaign.id == campaign_id))


def schedule(
    session: Session, campaign_id: int, *, at: datetime | None, version: int, actor: str, now: datetime
) -> Campaign:
    """Send it at a moment, or with None now: then the sending job is fired in this transaction.

    Whether it can be sent is asked before (`growth.campaigns.readiness`). Raises InvalidError, field `at`, for a
    moment that has passed, ConflictError when it can't be scheduled or isn't the version that was looked at.
    """
    campaign = locked(session, campaign_id)
    if campaign.version != version:
        raise ConflictError(
            N_("Somebody else has saved this campaign meanwhile."), remedy=N_("Look at it again, then schedule it.")
        )
    if at is not None and at < now:
        raise past()
    detail = {"at": (at or now).isoformat(), "holdout_percent": campaign.holdout_percent, "message": campaign.message}
    _move(session, campaign, Action.SCHEDULE, actor=actor, now=now, detail=detail)
    campaign.scheduled_at = at or now
    session.flush()
    if at is None:
        send_soon(session, actor=actor, now=now)
    return campaign


def take_back(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Make a draft again of what is scheduled, or asks. Its moment is kept for the next time."""
    return _act(session, campaign_id, Action.TAKE_BACK, actor=actor, now=now)


def pause(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Stop it at once; what the provider has accepted goes out."""
    return _act(session, campaign_id, Action.PAUSE, actor=actor, now=now)


def resume(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Go on where it was paused."""
    campaign = _act(session, campaign_id, Action.RESUME, actor=actor, now=now)
    if campaign.state == State.SENDING:
        send_soon(session, actor=actor, now=now)
    return campaign


def cancel(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """End it for good; what hasn't been sent never will be."""
    campaign = _act(session, campaign_id, Action.CANCEL, actor=actor, now=now)
    if begun(session, campaign_id):
        send_soon(session, actor=actor, now=now)  # it calls off what is still planned
    return campaign


def _act(session: Session, campaign_id: int, action: Action, *, actor: str, now: datetime) -> Campaign:
    campaign = locked(session, campaign_id)
    _move(session, campaign, action, actor=actor, now=now, detail={})
    session.flush()
    return campaign


def _move(
    session: Session, campaign: Campaign, action: Action, *, actor: str, now: datetime, detail: Mapping[str, Any]
) -> None:
    before = State(campaign.state)
    campaign.state = after(before, action, begun=begun(session, campaign.id))
    written = {"campaign": campaign.id, "before": before, "after": campaign.state} | dict(detail)
    audit(session, actor=actor, action=f"{action} campaign", subject=campaign.name, detail=written, now=now)


def begun(session: Session, campaign_id: int) -> bool:
    """Whether sending has begun."""
    return session.scalar(select(CampaignRun.id).where(CampaignRun.campaign_id == campaign_id).limit(1)) is not None


def send_soon(session: Session, *, actor: str, now: datetime) -> None:
    """Fire the sending job, so that nobody waits for its minute. Where a run waits already, that one will do."""
    try:
        run_now(session, SENDING_JOB, by=actor, now=now)
    except ConflictError:
        return
