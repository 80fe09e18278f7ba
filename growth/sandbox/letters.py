"""The weekly letters of a played market: sent as if by the product, told by the provider's hook, clicked by people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.choosing.addressing import addressee
from growth.campaigns.email.archive import pack
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.messages.words import words_for
from growth.campaigns.records import Campaign, CampaignRun, Delivery, DeliveryBatch, EmailVersion
from growth.database.among import among
from growth.database.workspace import Workspace, workspace
from growth.people.identity import EMAIL
from growth.people.records import Identity, Person
from growth.settings import settings

_ACTOR = "sandbox play"
_MESSAGE = "product_digest"
_AT_ONCE = 1_000
"""As many as the product hands over at most."""


@dataclass(slots=True)
class Letter:
    """One message: when it went out, and when it was clicked, if it was."""

    at: datetime
    person: int
    locale: str
    clicked: datetime | None
    delivery: int = 0
    batch: UUID | None = None


class _Mailbox(NamedTuple):
    """Where somebody's letters go, as the product keeps it."""

    name_sealed: bytes | None
    identity: int
    receiver: str | None
    sealed: bytes


@dataclass
class Outbox:
    """Keeps what was sent as the product keeps it, so that each letter can be seen as it was received."""

    seed: str
    _versions: dict[str, EmailVersion] = field(default_factory=dict)

    def send(self, session: Session, letters: Sequence[Letter]) -> list[Letter]:
        """Keep them, and fill in their deliveries; again, nothing is new. Gives those to people with an address."""
        sender = workspace(session)
        assert sender is not None
        runs = {week: self._run(session, week, moments) for week, moments in _weeks(letters).items()}
        mailboxes = _mailboxes(session, {one.person for one in letters})
        sent = sorted((one for one in letters if one.person in mailboxes), key=_kind)
        for (week, locale), alike in groupby(sent, key=lambda one: _kind(one)[:2]):
            version = self._version(session, locale, letters[0].at)
            for some in _parts(list(alike)):
                _hand_over(session, some, mailboxes, run=runs[week], version=version, sender=sender)
        self._number(session, sent, runs)
        return sent

    def _number(self, session: Session, letters: Sequence[Letter], runs: Mapping[str, int]) -> None:
        made = select(Delivery.campaign_run_id, Delivery.person_id, Delivery.id, Delivery.batch_id).where(
            Delivery.campaign_run_id.in_(runs.values()), among(Delivery.person_id, {one.person for one in letters})
        )
        found = {(run, person): (number, batch) for run, person, number, batch in session.execute(made)}
        for one in letters:
            one.delivery, one.batch = found[runs[_week(one)], one.person]

    def _run(self, session: Session, week: str, moments: Sequence[datetime]) -> int:
        """The campaign of a week has one run, which ends with its last letter."""
        name, first, last = f"Weekly letter {week} ({self.seed})", min(moments), max(moments)
        known = select(CampaignRun).join(Campaign, Campaign.id == CampaignRun.campaign_id).where(Campaign.name == name)
        if (found := session.scalar(known)) is not None:
            found.finished_at = max(found.finished_at or last, last)
            return found.id
        shared = {"side": "buyer", "purpose": "marketing", "message": _MESSAGE, "audience": {}, "state": "sent"}
        campaign = Campaign(name=name, **shared, scheduled_at=first, created_by=_ACTOR, created_at=first)
        session.add(campaign)
        session.flush()
        run = CampaignRun(campaign_id=campaign.id, due_at=first, state="sent", selected_at=first, finished_at=last)
        session.add(run)
        session.flush()
        return run.id

    def _version(self, session: Session, locale: str, at: datetime) -> EmailVersion:
        if locale not in self._versions:
            self._versions[locale] = ensure_version(session, _MESSAGE, locale, at)
        return self._versions[locale]


def _hand_over(
    session: Session,
    letters: Sequence[Letter],
    mailboxes: Mapping[int, _Mailbox],
    *,
    run: int,
    version: EmailVersion,
    sender: Workspace,
) -> None:
    """Keep a batch of one language, with what was put into each letter."""
    batch, at = uuid4(), letters[0].at
    shared = {"campaign_run_id": run, "email_version_id": version.id, "batch_id": batch, "state": "accepted"}
    new = insert(Delivery).on_conflict_do_nothing().returning(Delivery.id, Delivery.person_id)
    made = session.execute(new, [shared | _row(one, mailboxes[one.person]) for one in letters])
    to = [addressee(number, one, mailboxes[one].name_sealed, mailboxes[one].sealed) for number, one in made]
    if to:
        words = words_for(session, version, to, sender=sender, base_url=settings().public_url, now=at)
        numbers = [one.delivery_id for one in to]
        session.add(
            DeliveryBatch(
                id=batch,
                campaign_run_id=run,
                state="accepted",
                messages=len(to),
                first_delivery=min(numbers),
                last_delivery=max(numbers),
                claimed_at=at,
                answered_at=at,
                provider_id=f"played-{batch.hex}",
                words_sealed=pack(words, sender=sender),
            )
        )


def _row(one: Letter, mailbox: _Mailbox) -> dict[str, Any]:
    to = {"person_id": one.person, "locale": one.locale, "identity_id": mailbox.identity, "receiver": mailbox.receiver}
    return to | {"claimed_at": one.at, "accepted_at": one.at}


def _mailboxes(session: Session, people: set[int]) -> dict[int, _Mailbox]:
    live = Identity.kind == EMAIL, Identity.retired_at.is_(None), Identity.sealed.is_not(None)
    found = select(Person.id, Person.name_sealed, Identity.id, Identity.receiver, Identity.sealed)
    found = found.join(Identity, Identity.person_id == Person.id).where(*live, among(Person.id, people))
    rows = session.execute(found)
    return {
        person: _Mailbox(name, identity, receiver, sealed or b"") for person, name, identity, receiver, sealed in rows
    }


def _parts(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    return (letters[start : start + _AT_ONCE] for start in range(0, len(letters), _AT_ONCE))


def _kind(one: Letter) -> tuple[str, str, datetime]:
    return _week(one), one.locale, one.at


def _week(one: Letter) -> str:
    return f"{one.at.astimezone(UTC):%G-W%V}"


def _weeks(letters: Sequence[Letter]) -> dict[str, list[datetime]]:
    """Each week there is, with the moments of its letters."""
    found: dict[str, list[datetime]] = {}
    for one in letters:
        found.setdefault(_week(one), []).append(one.at)
    return found
