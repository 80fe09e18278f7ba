"""Whether campaigns go out unheard: the provider's reports are refused, so nobody learns who complains."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.records import ReceiverMinute
from growth.campaigns.sending.stopping import Trouble, stop_all
from growth.events.records import HookRefusal
from growth.events.refused import refused_lately
from growth.locales import N_

PATIENCE = timedelta(minutes=2)
"""After a message was handed over; the first report of it comes within seconds."""
TROUBLE = Trouble(
    N_("SendGrid's reports are refused since they are signed with another key: nobody learns who complains."),
    N_(
        "Set GROWTH_SENDGRID_WEBHOOK_KEY to the key on SendGrid's page for signed event webhooks,"
        " then resume each campaign."
    ),
)


def unheard(refusal: HookRefusal | None, sent_at: datetime | None, now: datetime) -> bool:
    """Whether messages were handed over since reports are refused, and none was taken that tells of them.

    Anybody can send reports that we refuse, and stop nothing with that: while ours come too, they count from anew
    with each of them. `sent_at` is the first minute since `refusal.since` in which messages were handed over.
    """
    if refusal is None or sent_at is None or (refusal.acted_at is not None and refusal.at <= refusal.acted_at):
        return False
    return sent_at + PATIENCE <= now and refusal.at >= sent_at


def watch(session: Session, now: datetime) -> Trouble | None:
    """Pause what is being sent when it goes out unheard, once for each time reports were refused, and say so."""
    refusal = refused_lately(session, "sendgrid", now)
    if refusal is None or not unheard(refusal, _sent_since(session, refusal, now), now):
        return None
    refusal.acted_at = now
    return TROUBLE if stop_all(session, TROUBLE, now) else None


def _sent_since(session: Session, refusal: HookRefusal, now: datetime) -> datetime | None:
    """The first minute in which messages were handed over since reports are refused, or since that stopped others."""
    since = max(one for one in (refusal.since or refusal.at, refusal.acted_at) if one is not None)
    sent = select(ReceiverMinute.minute).where(ReceiverMinute.minute.between(since, now), ReceiverMinute.sent > 0)
    return session.scalar(sent.order_by(ReceiverMinute.minute).limit(1))
