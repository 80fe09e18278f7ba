"""The rules of sending that hold for all campaigns together: read, changed, and halted by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign
from growth.campaigns.sending.limits import checked
from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.waking import wake
from growth.database.audit import audit
from growth.errors import ConflictError
from growth.locales import N_

DEFAULTS: Mapping[str, Any] = {
    "quiet_from": 21 * 60,
    "quiet_until": 8 * 60,
    "most_per_day": 2,
    "most_per_week": 5,
}
"""Where the table's own default is none."""

_LOOK = N_("Find out why. Then let sending go on, under the rules of sending, and resume the campaign.")


@dataclass(frozen=True)
class RuleDifference:
    """A rule that somebody else saved otherwise meanwhile."""

    field: str
    mine: Any
    theirs: Any


class RulesChangedError(ConflictError):
    """Somebody saved the rules first; `differences` says what a save would overwrite, `version` is the newest."""

    def __init__(self, differences: tuple[RuleDifference, ...], version: int) -> None:
        super().__init__(
            N_("Somebody else has saved the rules of sending meanwhile."),
            remedy=N_("Compare, and keep theirs or yours."),
        )
        self.differences = differences
        self.version = version


def rules(session: Session) -> SendingRules:
    """The rules, made with their defaults when nobody has asked for them before."""
    found = session.get(SendingRules, 1)
    return found if found is not None else _locked(session)


def _locked(session: Session) -> SendingRules:
    session.execute(insert(SendingRules).values(id=1, **DEFAULTS).on_conflict_do_nothing())
    return session.get_one(SendingRules, 1, with_for_update={"key_share": True}, populate_existing=True)


def save_rules(
    session: Session, changes: Mapping[str, Any], *, version: int, actor: str, now: datetime
) -> SendingRules:
    """Change rules, all or none, with an entry in the audit log; what they already say is left alone.

    Fields and forms are those of `SendingRules`. `version` is the one the changes were made on. Raises InvalidError,
    with the field, for a value that isn't right, and RulesChangedError when somebody else saved other values since.
    """
    held = _locked(session)
    wanted = checked(changes, held)
    before = {field: getattr(held, field) for field in wanted if getattr(held, field) != wanted[field]}
    if not before:
        return held
    if held.version != version:
        raise RulesChangedError(
            tuple(RuleDifference(field, wanted[field], before[field]) for field in before), held.version
        )
    for field in before:
        setattr(held, field, wanted[field])
    held.version, held.updated_by, held.updated_at = held.version + 1, actor, now
    detail = {"before": _plain(before), "after": _plain({field: wanted[field] for field in before})}
    audit(session, actor=actor, action="change rules of sending", subject="all campaigns", detail=detail, now=now)
    wake(session)
    return held


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON can say it; own addresses stand in the log by their number alone, since the log is kept for ever."""
    shown = {field: len(value) if field == "seeds" else value for field, value in values.items()}
    return {
        field: value if isinstance(value, int | str | list | dict | None) else str(value)
        for field, value in shown.items()
    }


def halt(session: Session, sentence: str, /, *, now: datetime, actor: str = "growth", **values: Any) -> None:
    """Stop the sending of all campaigns until a person lets it go on; those that are being sent are paused.

    `sentence`, marked with `N_`, says why, with `%(name)s` places for `values`. Again it changes nothing.
    """
    held = _locked(session)
    if held.halted_at is not None:
        return
    held.halted_at, held.halted_because = now, {"sentence": sentence, "values": values}
    because = {"message": sentence, "remedy": _LOOK, "values": values}
    paused = update(Campaign).where(Campaign.state == "sending").values(state="paused", paused_because=because)
    names = session.scalars(paused.returning(Campaign.name)).all()
    detail = {"because": sentence % values, "paused": sorted(names)[:50]}
    audit(session, actor=actor, action="halt sending", subject="all campaigns", detail=detail, now=now)


def go_on(session: Session, *, actor: str, now: datetime) -> None:
    """Let sending go on after a halt. Campaigns it paused are resumed by hand, each by whoever answers for it."""
    held = _locked(session)
    if held.halted_at is None:
        return
    held.halted_at, held.halted_because, held.watched_since = None, None, now
    audit(session, actor=actor, action="let sending go on", subject="all campaigns", detail={}, now=now)
