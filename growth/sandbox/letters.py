"""The weekly letters of a played market: sent as if by the product, told by the provider's hook, clicked by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign, CampaignRun, Delivery, EmailVersion
from growth.database.among import among

_ACTOR = "sandbox play"
_LINKS = ["https://market.example/"]
_MESSAGE = "weekly letter"
_A_WEEK = timedelta(days=7)


@dataclass(slots=True)
class Letter:
    """One message: when it went out, and when it was clicked, if it was."""

    at: datetime
    person: int
    locale: str
    clicked: datetime | None
    delivery: int = 0


def store(session: Session, letters: Sequence[Letter], seed: str) -> None:
    """Keep what was sent as the product keeps it, and fill in the numbers of the deliveries; again, nothing is new."""
    versions = {locale: _version(session, locale, letters[0].at) for locale in sorted({one.locale for one in letters})}
    runs = {week: _run(session, f"Weekly letter {week} ({seed})", at) for week, at in _weeks(letters).items()}
    rows = [
        {
            "campaign_run_id": runs[_week(one)],
            "person_id": one.person,
            "locale": one.locale,
            "state": "accepted",
            "email_version_id": versions[one.locale],
            "claimed_at": one.at,
            "accepted_at": one.at,
        }
        for one in letters
    ]
    session.execute(insert(Delivery).on_conflict_do_nothing(), rows)
    made = select(Delivery.campaign_run_id, Delivery.person_id, Delivery.id).where(
        Delivery.campaign_run_id.in_(runs.values()), among(Delivery.person_id, {one.person for one in letters})
    )
    deliveries = {(run, person): number for run, person, number in session.execute(made)}
    for one in letters:
        one.delivery = deliveries[runs[_week(one)], one.person]


def _week(one: Letter) -> str:
    return f"{one.at.astimezone(UTC):%G-W%V}"


def _weeks(letters: Sequence[Letter]) -> dict[str, datetime]:
    """Each week there is, with the moment of its first letter."""
    return {_week(one): one.at for one in sorted(letters, key=lambda one: one.at, reverse=True)}


def _run(session: Session, name: str, at: datetime) -> int:
    """The campaign of a week has one run."""
    known = select(CampaignRun.id).join(Campaign, Campaign.id == CampaignRun.campaign_id).where(Campaign.name == name)
    if (found := session.scalar(known)) is not None:
        return found
    shared = {"side": "buyer", "purpose": "marketing", "message": "product_digest", "audience": {}, "state": "sent"}
    campaign = Campaign(name=name, **shared, scheduled_at=at, created_by=_ACTOR, created_at=at)
    session.add(campaign)
    session.flush()
    run = CampaignRun(campaign_id=campaign.id, due_at=at, state="sent", selected_at=at, finished_at=at + _A_WEEK)
    session.add(run)
    session.flush()
    return run.id


def _version(session: Session, locale: str, at: datetime) -> int:
    fingerprint = _MESSAGE.encode()
    known = select(EmailVersion.id).where(EmailVersion.fingerprint == fingerprint, EmailVersion.locale == locale)
    if (found := session.scalar(known)) is not None:
        return found
    texts = {"subject": _MESSAGE, "html": "", "text": ""}
    made = EmailVersion(message=_MESSAGE, fingerprint=fingerprint, locale=locale, links=_LINKS, created_at=at, **texts)
    session.add(made)
    session.flush()
    return made.id
