"""Seeds: own addresses that get a copy of every campaign, to see how it arrives at the large receivers."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import locales_of
from growth.campaigns.letters.copies import copy_of
from growth.campaigns.letters.posting import Content, post
from growth.campaigns.letters.records import Letter
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.seeing import wordings
from growth.campaigns.sending.rules import rules
from growth.errors import GrowthError, InvalidError

KIND = "seed"
POSTED_BY = "seed list"


def post_seeds(session: Session, run: CampaignRun, now: datetime) -> int:
    """Post a copy to each seed, in its language or in all that the campaign has; gives how many. Again posts none.

    A seed that can't be written to, or a text that can't be made, never holds a campaign back.
    """
    campaign = session.get_one(Campaign, run.campaign_id)
    seeds = list(rules(session).seeds)
    served = locales_of(session, campaign.message, campaign.message_version) if seeds else []
    # A triggered campaign has a run each day; its seeds get it once.
    occasion = f"campaign {campaign.id}" if campaign.kind == "triggered" else f"run {run.id}"
    posted = 0
    for locale in served:
        to = [str(seed["email"]) for seed in seeds if seed.get("locale") in {None, "", locale}]
        for wording in wordings(session, campaign, locale) if to else ():
            with suppress(GrowthError):
                content = copy_of(session, wording, locale, now)
                copy = _Copy(wording.message, locale, f"{KIND} {occasion} {locale} {wording.arm}", run.id, content)
                posted += sum(_post(session, copy, email, now) for email in to)
    return posted


@dataclass(frozen=True)
class _Copy:
    message: str
    locale: str
    key: str
    run: int
    content: Content


def _post(session: Session, copy: _Copy, email: str, now: datetime) -> bool:
    """Whether it was posted now; under its key it is the same letter."""
    key = f"{copy.key} {sha256(email.lower().encode()).hexdigest()[:24]}"
    if session.scalar(select(Letter.id).where(Letter.key == key)) is not None:
        return False
    with suppress(InvalidError):
        post(
            session,
            kind=KIND,
            message=copy.message,
            locale=copy.locale,
            email=email,
            values={},
            posted_by=POSTED_BY,
            now=now,
            key=key,
            campaign_run_id=copy.run,
            content=copy.content,
        )
        return True
    return False
