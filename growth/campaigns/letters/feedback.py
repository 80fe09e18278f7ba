"""What comes back of letters: set-based, never backwards; a hard bounce or a complaint closes the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns.letters.records import Letter
from growth.keyring import keyring
from growth.people.identity import EMAIL, identity_hash
from growth.people.suppression import suppress

STATES = ("planned", "claimed", "in_doubt", "refused", "accepted", "delivered", "bounced")
"""In this order; the furthest stays."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider tells of one letter."""

    letter_id: int
    state: str
    """accepted, delivered or bounced."""
    reason: str = ""
    """Why it bounced, in the receiver's words."""
    closes: str | None = None
    """A reason of `growth.people.suppression` for which nothing more is sent to the address: hard_bounce, complaint."""


_RANK = f"array_position(array{list(STATES)}, {{}})"
_APPLY = text(f"""
    with given as (
        select letter_id, (array_agg(state order by {_RANK.format("state")} desc))[1] as state,
            nullif(max(reason), '') as reason
        from jsonb_to_recordset(cast(:told as jsonb)) as one (letter_id bigint, state text, reason text)
        group by letter_id),
    held as (
        select letter.id, given.state, given.reason from letter join given on given.letter_id = letter.id
        order by letter.id for update of letter)
    update letter set state = held.state, settled_at = coalesce(letter.settled_at, :now),
        refusal = case when held.state = 'bounced' then held.reason end
    from held where held.id = letter.id and {_RANK.format("held.state")} > {_RANK.format("letter.state")}
""")  # noqa: S608 - the states stand above


def apply(session: Session, told: Sequence[Told], now: datetime) -> int:
    """Take in what happened to letters; the same again changes nothing. Gives how many of them there are."""
    if not told:
        return 0
    session.execute(_APPLY, {"told": orjson.dumps(told).decode(), "now": now})
    letters = {one.letter_id for one in told}
    known = dict(session.execute(select(Letter.id, Letter.email_sealed).where(Letter.id.in_(letters))).all())
    for one in sorted(told, key=lambda one: one.letter_id):
        sealed = known.get(one.letter_id)
        if one.closes and sealed is not None:
            digest = identity_hash(EMAIL, keyring().unseal(sealed))
            suppress(session, EMAIL, digest, reason=one.closes, source="letter", now=now)
    return sum(one.letter_id in known for one in told)
