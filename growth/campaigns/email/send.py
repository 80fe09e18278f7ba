"""Sending: claim, hand over, write the answer down; whatever dies in between, nobody gets a message twice."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.email import answers, claim
from growth.campaigns.email.archive import pack
from growth.campaigns.email.claim import Claimed, Later, Part, Stopped
from growth.campaigns.email.personalizing import personalizations
from growth.campaigns.email.provider import EmailProvider, InDoubtError, RecipientsRefusedError
from growth.campaigns.messages.words import words_for
from growth.campaigns.records import EmailVersion
from growth.database.engine import transaction
from growth.database.workspace import Workspace, workspace
from growth.errors import GrowthError, PermanentError, TransientError
from growth.locales import N_
from growth.scheduling.run import ChunkRun, LaterError
from growth.settings import settings

_MOST_REFUSALS = 25
"""In a row, from which on the fault isn't the recipients'; halving a thousand until one is left takes ten."""

# Of the future is what was claimed while the clock was ahead; reconciliation goes on with what is older.
_DOUBTFUL = text("""
    select exists (
        select from delivery_batch where state = 'in_doubt' and claimed_at between :claimed_since and :now
            and answered_at between :answered_since and :now)
""")
_SYSTEMATIC = N_("SendGrid refuses one recipient after the other: %(reason)s")
_CORRECT = N_("Correct the cause, then resume the campaign.")


def patience() -> timedelta:
    """How long a batch waits for a trace before it is sent again: never shorter than two calls of the provider."""
    return timedelta(seconds=max(settings().doubt_seconds, 2 * settings().sendgrid_timeout_seconds))


def breath() -> timedelta:
    """How long everybody holds back after a batch got in doubt."""
    return patience() / 30


@dataclass(frozen=True)
class Letter:
    """What all messages of a part have in common."""

    version: EmailVersion
    sender: Workspace
    base_url: str


def send_part(work: ChunkRun, provider: EmailProvider, part: Part) -> bool:
    """Send what is planned of a part, batch by batch; True when nothing is any more, False when it was stopped.

    Raises what the provider raises when nothing was taken, or when it isn't known: the chunk is tried again later.
    """
    size, refusals = settings().sendgrid_recipients, 0
    with work.transaction() as session:
        letter = read_letter(session, part)
    while True:
        work.leave_off()
        with work.transaction() as session:
            wait_for_answers(session, work.now())
            found = claim.claim(session, part, size, work.now())
            claimed = put_into_words(session, letter, found, work.now()) if isinstance(found, Claimed) else found
        if claimed is None or isinstance(claimed, Stopped):
            return claimed is None
        if isinstance(claimed, Later):
            raise LaterError(claimed.at)
        refusal = _send(work, provider, letter, claimed) if claimed.recipients else None
        refusals = refusals + 1 if refusal else 0
        if refusal and refusals > _MOST_REFUSALS:
            raise PermanentError(_SYSTEMATIC, remedy=_CORRECT, reason=str(refusal)[:300])
        size = next_size(refusal, len(claimed.recipients))


def read_letter(session: Session, part: Part) -> Letter:
    """The compiled message and the sender. Raises PermanentError while the product isn't set up."""
    sender = workspace(session)
    if sender is None:
        raise PermanentError(N_("There is no sender yet."), remedy=N_("Set growth up first, then resume the campaign."))
    return Letter(session.get_one(EmailVersion, part.version), sender, settings().public_url)


def put_into_words(session: Session, letter: Letter, claimed: Claimed, now: datetime) -> Claimed:
    """What is put into each message of a batch, kept with it; who lacks something it says is left out."""
    words = words_for(
        session, letter.version, claimed.recipients, sender=letter.sender, base_url=letter.base_url, now=now
    )
    lacking = [one.delivery_id for one in claimed.recipients if one.delivery_id not in words.own]
    if lacking:
        answers.leave_out(session, claimed.batch, lacking, "no_value")
    kept = [one for one in claimed.recipients if one.delivery_id in words.own]
    answers.keep_words(session, claimed.batch, pack(words, sender=letter.sender) if kept else None)
    return replace(claimed, recipients=kept, words=words)


def wait_for_answers(session: Session, now: datetime) -> None:
    """Hold back while the provider leaves batches in doubt, so that not all of a campaign gets there.

    Raises LaterError when one got there a moment ago: that is no failure of this part.
    """
    asked = {"now": now, "claimed_since": now - patience(), "answered_since": now - breath()}
    if session.scalar(_DOUBTFUL, asked):
        raise LaterError(now + breath())


def _send(work: ChunkRun, provider: EmailProvider, letter: Letter, claimed: Claimed) -> RecipientsRefusedError | None:
    """Hand over a claimed batch and write the answer down; gives the refusal when the rest is to go in smaller ones.

    The answer is written whoever holds the chunk by then: it is about the batch, which is this worker's alone.
    """
    request = request_of(letter, claimed)
    if work.now() - claimed.at > patience() / 2:
        # The machine slept. By now the batch may count as lost, and be sent by somebody else.
        raise TransientError(N_("The computer was asleep between claiming a batch and sending it."))
    try:
        provider_id = provider.send(request, work.now())
    except RecipientsRefusedError as refusal:
        with transaction(work.engine) as session:
            part_with(session, claimed, refusal, work.now())
        return refusal
    except InDoubtError as doubt:
        with transaction(work.engine) as session:
            answers.doubt(session, claimed.batch, _kept(doubt), work.now())
        retry_after = breath().total_seconds()
        raise TransientError(doubt.message, retry_after=retry_after, reason=doubt.values["reason"]) from doubt
    except (TransientError, PermanentError) as error:
        with transaction(work.engine) as session:
            answers.put_back(session, claimed.batch, _kept(error), work.now())
        raise
    with transaction(work.engine) as session:
        answers.accept(session, claimed.batch, work.now(), provider_id)
    work.moved_on = True
    return None


def part_with(session: Session, claimed: Claimed, refusal: RecipientsRefusedError, now: datetime) -> None:
    """Refuse the recipients that the provider named, or the only one; plan the others again."""
    ids = [one.delivery_id for one in claimed.recipients]
    refused = {ids[position] for position in refusal.positions if position < len(ids)}
    if len(ids) == 1:
        refused = set(ids)
    answers.put_back(session, claimed.batch, _kept(refusal), now)
    answers.refuse(session, refused, str(refusal)[:500])


def next_size(refusal: RecipientsRefusedError | None, size: int) -> int:
    """Of the next batch: half of one that was refused without saying for whom; the usual size after a success."""
    if refusal is None or refusal.positions:
        return settings().sendgrid_recipients
    return max(1, size // 2)


def request_of(letter: Letter, claimed: Claimed) -> dict[str, Any]:
    """The batch in the form of SendGrid's v3 mail send. Its own tracking is off, since the links are ours."""
    version, sender = letter.version, letter.sender
    off = {"enable": False}
    return {
        "from": {"email": sender.sender_email, "name": sender.sender_name},
        "subject": version.subject,
        "content": [{"type": "text/plain", "value": version.text}, {"type": "text/html", "value": version.html}],
        "personalizations": list(personalizations(str(claimed.batch), claimed.recipients, claimed.words)),
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": off,
            "subscription_tracking": off,
        },
    }


def _kept(error: GrowthError) -> dict[str, Any]:
    return {"message": error.message, "values": {name: str(value) for name, value in error.values.items()}}
