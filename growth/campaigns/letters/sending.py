"""Sending letters: claim one, hand it over, write the answer down; whatever dies in between, none goes out twice."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.catalogue import compile_message
from growth.campaigns.email.provider import EmailProvider, InDoubtError, NotLetInError, RecipientsRefusedError
from growth.campaigns.email.send import patience
from growth.campaigns.letters.posting import Content
from growth.campaigns.letters.records import Letter
from growth.campaigns.messages.formats import tame
from growth.database.engine import transaction
from growth.database.workspace import Workspace, workspace
from growth.errors import GrowthError, PermanentError, TransientError
from growth.keyring import keyring
from growth.locales import N_
from growth.people.permission.confirming import is_barred
from growth.scheduling.run import JobRun, Step
from growth.settings import settings

MOST_ATTEMPTS = 8
KEPT = timedelta(days=30)
"""How long the address and the words of a letter are kept."""
_PIXEL = re.compile(f'<img src="{re.escape(personal.OPEN)}"[^>]*>')


@dataclass(frozen=True)
class Claimed:
    """A letter whose claim is to be committed before it is sent."""

    id: int
    batch: UUID
    at: datetime
    email: str
    content: Content
    sender: Workspace


def send_all(run: JobRun, provider: EmailProvider) -> int:
    """Send what is planned, letter by letter; gives how many the provider took.

    Raises what the provider raises when it took nothing of one, or when that isn't known; the rest is tried later.
    """
    taken = 0
    while True:
        run.leave_off()
        with run.transaction() as session:
            claimed, more = claim(session, run.now())
        if claimed is not None:
            taken += _send(run, provider, claimed)
        elif not more:
            return taken


def anything_planned(session: Session) -> bool:
    """Whether a letter waits to be sent."""
    return session.scalar(select(Letter.id).where(Letter.state == "planned").limit(1)) is not None


def claim(session: Session, now: datetime) -> tuple[Claimed | None, bool]:
    """Claim the next letter; the caller commits before it sends. And whether to ask again.

    One that can't go out, since its address is barred by now or its message can't be put together, is refused here.
    """
    waiting = select(Letter).where(Letter.state == "planned").order_by(Letter.id).limit(1)
    letter = session.scalar(waiting.with_for_update(skip_locked=True))
    if letter is None:
        return None, False
    sender = workspace(session)
    if sender is None:
        raise PermanentError(N_("There is no sender yet."), remedy=N_("Set growth up first."))
    letter.attempts += 1
    try:
        email, content = _put_together(session, letter, sender)
    except GrowthError as problem:
        _refuse(letter, str(problem), now)
        return None, True
    letter.state, letter.batch, letter.claimed_at = "claimed", uuid4(), now
    session.flush()
    return Claimed(letter.id, letter.batch, now, email, content, sender), True


def _put_together(session: Session, letter: Letter, sender: Workspace) -> tuple[str, Content]:
    if letter.email_sealed is None or letter.values_sealed is None:
        raise PermanentError(N_("It was kept for too long."))
    if letter.attempts > MOST_ATTEMPTS:
        raise PermanentError(N_("SendGrid never said whether it took it."))
    email = keyring().unseal(letter.email_sealed)
    if is_barred(session, email):
        raise PermanentError(N_("This address must not be written to."))
    kept = orjson.loads(keyring().unseal(letter.values_sealed))
    if kept["content"] is not None:
        return email, Content(**kept["content"])
    return email, written(session, letter.message, letter.locale, kept["values"], sender)


def written(session: Session, message: str, locale: str, values: dict[str, str], sender: Workspace) -> Content:
    """A letter as it is read: its places filled in, its links direct, and nothing in it that counts.

    Raises MessageError, and PermanentError when a place is left open.
    """
    compiled = compile_message(session, message, locale)
    places = personal.in_words(locale, values.get("name"), sender.sender_name, sender.postal_address)
    places |= {personal.link_tag(position): link for position, link in enumerate(compiled.links)}
    for place, value in values.items():
        plain = tame(value)
        places |= {personal.tag(place): escape(plain), personal.tag(f"{place}_text"): plain}
    filled = [personal.fill(part, places) for part in (compiled.subject, _PIXEL.sub("", compiled.html), compiled.text)]
    if left := set().union(*map(personal.tags_in, filled)):
        raise PermanentError(N_("Nothing was given for “%(place)s”."), place=min(left)[:80])
    return Content(*filled)


def request_of(claimed: Claimed) -> dict[str, Any]:
    """The letter in the form of SendGrid's v3 mail send. Nothing of it is tracked."""
    sender, content, off = claimed.sender, claimed.content, {"enable": False}
    return {
        "from": {"email": sender.sender_email, "name": sender.sender_name},
        "subject": content.subject,
        "content": [{"type": "text/plain", "value": content.text}, {"type": "text/html", "value": content.html}],
        "personalizations": [
            {
                "to": [{"email": claimed.email}],
                "headers": {"Auto-Submitted": "auto-generated"} | _way_out(content),
                "custom_args": {"letter": str(claimed.id), "batch": str(claimed.batch)},
            }
        ],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": off,
            "subscription_tracking": off,
        },
    }


def _way_out(content: Content) -> dict[str, str]:
    if not content.unsubscribe:
        return {}
    return {"List-Unsubscribe": f"<{content.unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _send(run: JobRun, provider: EmailProvider, claimed: Claimed) -> bool:
    """Hand over a claimed letter and write the answer down, whoever holds the run by then; whether it was taken."""
    if run.now() - claimed.at > patience() / 2:
        # The machine slept. By now the letter may count as lost, and be sent by somebody else.
        raise TransientError(N_("The computer was asleep between claiming a letter and sending it."))
    answer: dict[str, Any] = {"state": "accepted", "settled_at": run.now()}
    problem: GrowthError | None = None
    try:
        provider.send(request_of(claimed), run.now())
    except InDoubtError as doubt:
        answer = {"state": "in_doubt"}
        problem = TransientError(doubt.message, reason=doubt.values["reason"])
    except (TransientError, NotLetInError) as later:
        # Nothing is wrong with this letter, and nothing was taken: as if it had never been claimed.
        answer = {"state": "planned", "batch": None, "claimed_at": None, "attempts": Letter.attempts - 1}
        problem = later
    except (RecipientsRefusedError, PermanentError) as never:
        answer = {"state": "refused", "settled_at": run.now(), "refusal": str(never)[:500]}
    with transaction(run.engine) as session:
        mine = update(Letter).where(Letter.id == claimed.id, Letter.batch == claimed.batch, Letter.state == "claimed")
        session.execute(mine.values(answer))
    if problem is not None:
        raise problem
    return bool(answer["state"] == "accepted")


def _refuse(letter: Letter, words: str, now: datetime) -> None:
    letter.state, letter.refusal, letter.settled_at = "refused", words[:500], now


def settle(session: Session, now: datetime) -> int:
    """Plan again what was claimed or in doubt for so long that the provider can't have it; gives how many.

    Without an event webhook nothing could have told that one arrived: then it stays in doubt.
    """
    told = settings().sendgrid_webhook_key is not None
    lost = (Letter.state.in_(("claimed", "in_doubt")), Letter.claimed_at < now - patience())
    held = select(Letter.id).where(*lost).order_by(Letter.id).with_for_update(skip_locked=True)
    again = update(Letter).where(Letter.id.in_(held)).values(state="planned" if told else "in_doubt")
    number = len(session.scalars(again.returning(Letter.id)).all())
    return number if told else 0


def forget(session: Session, now: datetime, _after: object, size: int) -> Step:
    """Take addresses and words off the next `size` letters that are older than `KEPT`."""
    gone = session.execute(
        text("""
            update letter set email_sealed = null, values_sealed = null,
                state = case when settled_at is null then 'refused' else state end,
                refusal = case when settled_at is null then 'kept for too long' else refusal end,
                settled_at = coalesce(settled_at, :now)
            where id in (
                select id from letter where email_sealed is not null and posted_at < :old
                order by posted_at limit :size for update skip locked)
            returning id
        """),
        {"now": now, "old": now - KEPT, "size": size},
    )
    number = len(gone.all())
    return Step(done=number, next=number or None)
