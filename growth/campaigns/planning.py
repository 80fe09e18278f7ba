"""Planning a campaign: drafting, saving beside others, scheduling, pausing, cancelling; all but drafts is audited."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.campaigns.differences import ChangedError, compare
from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.experimenting import copy_experiment, remove_experiment
from growth.campaigns.fields import checked, past
from growth.campaigns.occasions.recurring import next_occurrence
from growth.campaigns.pinning import pin
from growth.campaigns.readiness import needs_approval
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.sending.waking import wake
from growth.campaigns.states import Action, Kind, State, after
from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError, NotFoundError
from growth.locales import N_
from growth.people.consent import MARKETING
from growth.people.permission.records import MailingList
from growth.scheduling.firing import run_now

SENDING_JOB = "send_campaigns"
OPEN = ("selecting", "sending", "paused")
"""States of a run that isn't over."""
_COPIED = (
    *("side", "purpose", "message", "message_version", "list_id", "audience", "audience_version_id"),
    *("holdout_percent", "kind", "recurrence", "trigger", "timing", "per_hour"),
)


def create(session: Session, *, name: str, side: str, message: str, actor: str, now: datetime) -> Campaign:
    """A new draft, for everybody on the side's list. Raises InvalidError for a field that isn't right."""
    wanted = checked({"name": name, "side": side, "message": message, "audience": {"all": []}})
    _known(session, wanted)
    campaign = Campaign(
        **wanted, purpose=MARKETING, state=State.DRAFT, created_by=actor, created_at=now, saved_at=now, version=1
    )
    with _name_unique(session):
        session.add(campaign)
    return campaign


def _known(session: Session, wanted: Mapping[str, Any]) -> None:
    """Raise InvalidError when a message or list isn't there."""
    if "message" in wanted:
        try:
            locales_of(session, wanted["message"], wanted.get("message_version"))
        except NotFoundError:
            raise InvalidError("message", N_("There is no message “%(name)s”."), name=wanted["message"][:80]) from None
    if wanted.get("list_id") is not None and session.get(MailingList, wanted["list_id"]) is None:
        raise InvalidError("list_id", N_("There is no such list."))


def _purpose(session: Session, list_id: int | None) -> str:
    """What a campaign needs permission for: its topic's purpose, and without one marketing."""
    topic = session.get(MailingList, list_id) if list_id is not None else None
    return topic.purpose if topic is not None else MARKETING


@contextmanager
def _name_unique(session: Session) -> Iterator[None]:
    try:
        with session.begin_nested():
            yield
    except IntegrityError:
        raise InvalidError(
            "name", N_("There is a campaign with this name already."), remedy=N_("Choose another name.")
        ) from None


def save(
    session: Session, campaign_id: int, changes: Mapping[str, Any], *, version: int, now: datetime | None = None
) -> Campaign:
    """Change fields of a draft (`growth.campaigns.fields`), all or none.

    `version` is the one the changes were made on, `now` what the page says it was saved at. Raises ChangedError when
    somebody else saved other values since, InvalidError for a field that isn't right, and ConflictError when it is no
    draft any more.
    """
    wanted = checked(changes)
    _known(session, wanted)
    campaign = locked(session, campaign_id)
    differences = compare(campaign, wanted)
    if not differences:
        campaign.saved_at = now or campaign.saved_at
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
        if "list_id" in wanted:
            campaign.purpose = _purpose(session, campaign.list_id)
        campaign.version, campaign.saved_at = campaign.version + 1, now or campaign.saved_at
    return campaign


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
        **{field: getattr(whole, field) for field in _COPIED},
        state=State.DRAFT,
        created_by=actor,
        created_at=now,
        saved_at=now,
        version=1,
    )
    with _name_unique(session):
        session.add(copy)
    copy_experiment(session, campaign_id, copy.id)
    return copy


def _free_name(session: Session, name: str) -> str:
    stem = name[:110]
    taken = set(session.scalars(select(Campaign.name).where(Campaign.name.startswith(stem, autoescape=True))))
    return next(free for number in range(2, len(taken) + 3) if (free := f"{stem} ({number})") not in taken)


def delete_draft(session: Session, campaign_id: int) -> None:
    """Delete a draft. Raises ConflictError when it is none, or some of it has been sent."""
    campaign = locked(session, campaign_id)
    after(State(campaign.state), Action.DELETE, begun=begun(session, campaign_id))
    if session.scalar(select(CampaignRun.id).where(CampaignRun.campaign_id == campaign_id).limit(1)) is not None:
        raise ConflictError(N_("It was sent before, so its figures are kept."), remedy=N_("Cancel it instead."))
    remove_experiment(session, campaign_id)
    session.execute(delete(Campaign).where(Campaign.id == campaign_id))


def schedule(
    session: Session,
    campaign_id: int,
    *,
    at: datetime | None,
    version: int,
    actor: str,
    now: datetime,
    reached: int | None = None,
) -> Campaign:
    """Send it at a moment, or with None now: then the sending job is fired in this transaction.

    A recurring one begins at its first time after the moment. Of `reached` people (counted here when None) it may
    need somebody else's approval first: then it waits for that. Whether it can be sent is asked before
    (`growth.campaigns.readiness`). Raises InvalidError, field `at`, for a moment that has passed, ConflictError when
    it can't be scheduled or isn't the version that was looked at.
    """
    campaign = locked(session, campaign_id)
    same_version(campaign, version)
    if at is not None and at < now:
        raise past()
    moment = _first(campaign, at or now)
    asks = needs_approval(session, campaign, reached, now)
    detail = {"at": moment.isoformat(), "holdout_percent": campaign.holdout_percent, "message": campaign.message}
    move(session, campaign, Action.ASK if asks else Action.SCHEDULE, actor=actor, now=now, detail=detail)
    campaign.scheduled_at, campaign.scheduled_by, campaign.sent_back = moment, actor, None
    pin(session, campaign)
    session.flush()
    if moment <= now and not asks:
        send_soon(session, actor=actor, now=now)
    return campaign


def same_version(campaign: Campaign, version: int) -> None:
    """Raise ConflictError when a campaign isn't the version that was looked at."""
    if campaign.version != version:
        raise ConflictError(
            N_("Somebody else has saved this campaign meanwhile."), remedy=N_("Look at it again, then go on.")
        )


def _first(campaign: Campaign, moment: datetime) -> datetime:
    """What a recurring one waits for; one that goes on, or asks, is sent at the very moment that was said."""
    if campaign.kind != Kind.RECURRING or campaign.state not in {State.DRAFT, State.AWAITS}:
        return moment
    return _following(campaign, moment)


def _following(campaign: Campaign, moment: datetime) -> datetime:
    first = next_occurrence(campaign.recurrence or {}, moment)
    if first is None:
        raise InvalidError("until", N_("Its last day has passed."), remedy=N_("Choose a later day, or none."))
    return first


def skip(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Leave out the time that a recurring campaign waits for or missed; it goes out at the next one."""
    campaign = locked(session, campaign_id)
    if campaign.kind != Kind.RECURRING:
        raise ConflictError(N_("It goes out once, so no time can be left out."))
    following = _following(campaign, max(campaign.scheduled_at or now, now))
    move(session, campaign, Action.SKIP, actor=actor, now=now, detail={"at": following.isoformat()})
    campaign.scheduled_at = following
    session.flush()
    return campaign


def take_back(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Make a draft again of what is scheduled, asks or waits for approval. Its moment is kept for the next time."""
    campaign = _act(session, campaign_id, Action.TAKE_BACK, actor=actor, now=now)
    campaign.pinned = None
    return campaign


def pause(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Stop it at once; what the provider has accepted goes out."""
    return _act(session, campaign_id, Action.PAUSE, actor=actor, now=now)


def resume(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """Go on where it was paused; what was approved and then changed needs approval again."""
    campaign = locked(session, campaign_id)
    changed = campaign.approved_version not in {None, campaign.version}
    campaign = _act(session, campaign_id, Action.ASK if changed else Action.RESUME, actor=actor, now=now)
    campaign.paused_because = None
    if changed:
        campaign.scheduled_by, campaign.sent_back = actor, None
    session.flush()
    if campaign.state == State.SENDING:
        wake(session, resumed=campaign_id)
        send_soon(session, actor=actor, now=now)
    return campaign


def cancel(session: Session, campaign_id: int, *, actor: str, now: datetime) -> Campaign:
    """End it for good; what hasn't been sent never will be."""
    campaign = _act(session, campaign_id, Action.CANCEL, actor=actor, now=now)
    if begun(session, campaign_id):
        send_soon(session, actor=actor, now=now)  # it calls off what is still planned
    return campaign


def archive(session: Session, campaign_id: int, *, archived: bool, actor: str, now: datetime) -> Campaign:
    """Archive what has ended, so that lists leave it out, or bring it back."""
    campaign = _act(session, campaign_id, Action.ARCHIVE, actor=actor, now=now, archived=archived)
    campaign.archived_at = now if archived else None
    return campaign


def _act(session: Session, campaign_id: int, action: Action, *, actor: str, now: datetime, **detail: Any) -> Campaign:
    campaign = locked(session, campaign_id)
    move(session, campaign, action, actor=actor, now=now, detail=detail)
    session.flush()
    return campaign


def move(
    session: Session, campaign: Campaign, action: Action, *, actor: str, now: datetime, detail: Mapping[str, Any]
) -> None:
    """Take a locked campaign to the state that an action leads to, and write that down. Raises ConflictError."""
    before = State(campaign.state)
    campaign.state = after(before, action, begun=begun(session, campaign.id))
    written = {"campaign": campaign.id, "before": before, "after": campaign.state} | dict(detail)
    audit(session, actor=actor, action=f"{action} campaign", subject=campaign.name, detail=written, now=now)


def begun(session: Session, campaign_id: int) -> bool:
    """Whether sending has begun; a recurring campaign begins anew each time."""
    found = select(CampaignRun.id).join(Campaign, Campaign.id == CampaignRun.campaign_id)
    mine = found.where(Campaign.id == campaign_id, (Campaign.kind != Kind.RECURRING) | CampaignRun.state.in_(OPEN))
    return session.scalar(mine.limit(1)) is not None


def send_soon(session: Session, *, actor: str, now: datetime) -> None:
    """Fire the sending job, so that nobody waits for its minute. Where a run waits already, that one will do."""
    try:
        run_now(session, SENDING_JOB, by=actor, now=now)
    except ConflictError:
        return
