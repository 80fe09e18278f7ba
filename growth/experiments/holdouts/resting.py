"""What a channel asks before it acts: whether it rests in a country today, or for a person."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from growth.experiments.holdouts.records import Holdout


def _running(side: str, channel: str, day: date) -> tuple[ColumnElement[bool], ...]:
    days = Holdout.starts_on <= day, Holdout.ends_on >= day
    return Holdout.side == side, Holdout.channel == channel, Holdout.state == "running", *days


def rests_in(session: Session, side: str, channel: str, day: date) -> frozenset[str]:
    """The countries in which a channel does nothing on a day."""
    found = session.scalars(select(Holdout.regions).where(*_running(side, channel, day), Holdout.kind == "regions"))
    return frozenset(country for countries in found for country in countries)


def resting_for(session: Session, side: str, channel: str, day: date) -> tuple[int, int] | None:
    """The hold-out of people that runs on a channel, as its id and percent, for `held_out`; None when none does."""
    wanted = select(Holdout.id, Holdout.percent).where(*_running(side, channel, day), Holdout.kind == "people")
    found = session.execute(wanted).first()
    return (found.id, int(found.percent or 0)) if found else None


def held_out(holdout: int, percent: int, person: int) -> bool:
    """Whether a channel rests for a person: by hash, so that it needs no table and every server says the same."""
    return int.from_bytes(sha256(f"holdout:{holdout}:{person}".encode()).digest()[:3], "big") % 100 < percent


def held_out_sql(holdout: int, percent: int, person: str) -> tuple[str, Mapping[str, Any]]:
    """The same as SQL over the column `person`, with its values by bind name."""
    expression = f"""
        (select (get_byte(digest, 0) * 65536 + get_byte(digest, 1) * 256 + get_byte(digest, 2)) % 100 < :held_percent
        from (select sha256(convert_to('holdout:' || :holdout || ':' || {person}, 'UTF8')) as digest) hashed)
    """  # noqa: S608 - the name is ours
    return expression, {"holdout": str(holdout), "held_percent": percent}
