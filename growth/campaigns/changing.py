"""Changing a campaign that is on its way: its speed, and the message of those who haven't got it yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import compile_message, locales_of
from growth.campaigns.fields import checked
from growth.campaigns.planning import begun, locked, same_version
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.campaigns.sending.waking import wake
from growth.campaigns.states import FINAL, State
from growth.database.audit import audit
from growth.errors import ConflictError, GrowthError, InvalidError, NotFoundError
from growth.locales import LANGUAGE_NAMES, LOCALES, N_

LONGEST_SUBJECT = 200


def change_speed(session: Session, campaign_id: int, *, per_hour: int | None, actor: str, now: datetime) -> Campaign:
    """At most so many messages an hour from now on; None for as fast as it goes. Raises InvalidError, ConflictError."""
    campaign = locked(session, campaign_id)
    if State(campaign.state) in FINAL:
        raise ConflictError(N_("It has ended, so its speed can't be changed any more."))
    wanted = checked({"per_hour": per_hour})["per_hour"]
    detail = {"campaign": campaign_id, "before": campaign.per_hour, "after": wanted}
    campaign.per_hour = wanted
    wake(session)
    audit(session, actor=actor, action="change speed of campaign", subject=campaign.name, detail=detail, now=now)
    return campaign


def can_edit_rest(session: Session, campaign: Campaign) -> bool:
    """Whether it is paused in the middle."""
    return campaign.state == State.PAUSED and begun(session, campaign.id)


@dataclass(frozen=True)
class Rest:
    """What those get who haven't been sent it yet; `subjects` come by locale before the message's own."""

    message: str
    message_version: int | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)


def edit_rest(session: Session, campaign_id: int, rest: Rest, *, version: int, actor: str, now: datetime) -> Campaign:
    """Change the message of those who haven't been sent it yet.

    Parts planned with the old message leave off by themselves, since the campaign's version goes up. Raises
    ConflictError when it isn't paused in the middle, or isn't the version that was looked at; InvalidError for a
    message that lacks a language of those who wait, and for a subject that isn't right.
    """
    campaign = locked(session, campaign_id)
    same_version(campaign, version)
    if not can_edit_rest(session, campaign):
        raise ConflictError(N_("Only a campaign that is paused in the middle can be changed for the rest."))
    _check_served(session, campaign_id, rest)
    subjects = _subjects(rest.subjects)
    _check_words(session, rest, subjects)
    after = {
        "message": rest.message,
        "message_version": rest.message_version,
        "changes": {"subjects": subjects} if subjects else {},
    }
    before = {name: getattr(campaign, name) for name in after}
    for name, value in after.items():
        setattr(campaign, name, value)
    campaign.version, campaign.saved_at = campaign.version + 1, now
    detail = {"campaign": campaign_id, "before": before, "after": after}
    audit(session, actor=actor, action="edit the rest of campaign", subject=campaign.name, detail=detail, now=now)
    return campaign


def _check_served(session: Session, campaign_id: int, rest: Rest) -> None:
    """Raise InvalidError when the message isn't there, or lacks a language of those who wait."""
    try:
        served = locales_of(session, rest.message, rest.message_version)
    except NotFoundError:
        raise InvalidError("message", N_("There is no message “%(name)s”."), name=rest.message[:80]) from None
    lacking = [one for one in _waiting_locales(session, campaign_id) if one not in served]
    if lacking:
        languages = ", ".join(LANGUAGE_NAMES.get(one, one) for one in lacking)
        raise InvalidError(
            "message", N_("People who still wait read %(languages)s, which this message lacks."), languages=languages
        )


def _check_words(session: Session, rest: Rest, subjects: Mapping[str, str]) -> None:
    """Make the message with each subject: an unknown variable is told now, not when it is sent."""
    served = locales_of(session, rest.message, rest.message_version)
    for locale in (one for one in subjects if one in served):
        words = {"subject": subjects[locale]}
        try:
            compile_message(session, rest.message, locale, version=rest.message_version, changes=words)
        except GrowthError as error:
            told = InvalidError(f"subject_{locale}", error.message, remedy=error.remedy)
            told.values = error.values
            raise told from None


def _waiting_locales(session: Session, campaign_id: int) -> list[str]:
    """The languages of messages that are still planned, by the index of what is unfinished."""
    runs = select(CampaignRun.id).where(CampaignRun.campaign_id == campaign_id, CampaignRun.state != "sent")
    waiting = Delivery.campaign_run_id.in_(runs), Delivery.filed == "planned"
    return [one for one in LOCALES if session.scalar(select(exists().where(*waiting, Delivery.locale == one)))]


def _subjects(wanted: Mapping[str, str]) -> dict[str, Any]:
    kept = {locale: " ".join(text.split()) for locale, text in wanted.items() if text.strip() and locale in LOCALES}
    for locale, text in kept.items():
        if len(text) > LONGEST_SUBJECT or not text.isprintable():
            raise InvalidError(
                f"subject_{locale}", N_("A subject has at most %(most)s visible characters."), most=LONGEST_SUBJECT
            )
    return kept
