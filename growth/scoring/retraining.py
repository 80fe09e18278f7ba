"""The nightly walk: read leads whose end is known, learn, and keep what came of it."""

from datetime import datetime

from sqlalchemy.orm import Session

from growth.scoring.examples import Examples, read_examples
from growth.scoring.keeping import readable_champion, store
from growth.scoring.promotion import champion_of
from growth.scoring.target import Target
from growth.scoring.training import Champion, Decision, Learnt, learn, share_by_channel

__all__ = ["keep", "learn", "read", "train"]


def read(session: Session, target: Target, now: datetime) -> tuple[Examples, Champion | None]:
    """What there is to learn from, and the model to beat."""
    return read_examples(session, target, now), readable_champion(session, target)


def keep(session: Session, target: Target, learnt: Learnt, champion: Champion | None, now: datetime) -> Decision:
    """Store what was learnt. Where nobody would be left to score by, the share won by channel does."""
    if not learnt.decision.promoted and champion_of(session, target) is None:
        store(session, target, share_by_channel(target, learnt.examples, learnt.dropped), champion, now)
    return store(session, target, learnt, champion, now)


def train(session: Session, target: Target, now: datetime) -> Decision:
    """All of it in the caller's transaction, which stays open meanwhile; the job takes it apart."""
    examples, champion = read(session, target, now)
    return keep(session, target, learn(target, examples, champion), champion, now)
