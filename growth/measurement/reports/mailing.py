"""Sending the report of a week: posted once to each reader, whatever dies in between."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.letters.posting import post
from growth.campaigns.letters.records import Letter
from growth.database.audit import audit
from growth.database.changed_days import SIDES
from growth.errors import InvalidError
from growth.locales import N_, closest
from growth.measurement.reports.keeping import newest_of
from growth.measurement.reports.letter import MESSAGE, Frame, frame_of
from growth.measurement.reports.readers import all_readers, next_readers, sign_stop
from growth.measurement.reports.records import ReportSnapshot
from growth.measurement.reports.snapshot import from_json
from growth.measurement.reports.weeks import name_of
from growth.people.accounts import Account
from growth.people.identity import normalise_email
from growth.scheduling.run import Step
from growth.settings import settings

POSTED_BY = "weekly report"
KIND = "report"


def post_next(session: Session, now: datetime, after: int | None, size: int, *, week: str) -> Step:
    """Post the week's letter to the next readers, in the order of their accounts; to whom it went, it doesn't again.

    `week` is its Monday. Both sides are in one letter, apart from each other.
    """
    monday = date.fromisoformat(week)
    kept = [one for side in SIDES if (one := newest_of(session, monday, side)) is not None]
    readers = next_readers(session, after or 0, size) if worth_sending(kept) else []
    letters = {week_key(monday, one.id): one for one in readers if _can_get(one)}
    _post(session, kept, letters, posted_by=POSTED_BY, now=now)
    return Step(done=len(readers), next=readers[-1].id if readers else None)


def worth_sending(kept: Sequence[ReportSnapshot]) -> bool:
    """Whether anything happened on any side, in the week or the one before."""
    return any(not from_json(one.content).empty for one in kept)


def _can_get(account: Account) -> bool:
    """Whether its address can be written to; one that can't holds nobody else up."""
    try:
        return bool(normalise_email(account.email))
    except InvalidError:
        return False


def week_key(week: date, account_id: int) -> str:
    """By which the letter of a week to an account is known, so that it is sent once."""
    return f"weekly report {name_of(week)} {account_id}"


def send_to(session: Session, kept: ReportSnapshot, to: Collection[int], *, actor: str, now: datetime) -> int:
    """Post one report to readers chosen by hand, audited; twice within a minute is once. Gives how many.

    Raises InvalidError, field `to`.
    """
    known = {one.id: one for one in all_readers(session) if _can_get(one)}
    chosen = sorted(set(to))
    if not chosen:
        raise InvalidError("to", N_("Choose at least one colleague."))
    if not known.keys() >= set(chosen):
        raise InvalidError("to", N_("Somebody chosen can't be sent reports, or their account is closed."))
    letters = {f"report {kept.id} {number} {now:%Y-%m-%d %H:%M}": known[number] for number in chosen}
    _post(session, [kept], letters, posted_by=actor, now=now)
    detail = {"to": [known[number].email for number in chosen]}
    audit(session, actor=actor, action="report sent", subject=str(kept.id), detail=detail, now=now)
    return len(chosen)


def _post(
    session: Session, kept: Sequence[ReportSnapshot], letters: Mapping[str, Account], *, posted_by: str, now: datetime
) -> None:
    """Post the letters that aren't yet, by key; each language is put together once."""
    there = set(session.scalars(select(Letter.key).where(Letter.key.in_(letters))))
    snapshots, here = [from_json(one.content) for one in kept], settings().public_url
    pages = [f"{here}/reports/{one.id}" for one in kept]
    frames: dict[str, Frame] = {}
    for key, account in letters.items():
        if key in there:
            continue
        locale = closest(account.locale) or "en"
        if locale not in frames:
            frames[locale] = frame_of(session, snapshots, locale, pages)
        post(
            session,
            kind=KIND,
            message=MESSAGE,
            locale=locale,
            email=account.email,
            values={},
            posted_by=posted_by,
            now=now,
            key=key,
            content=frames[locale].to(account.name, here + sign_stop(account.id)),
        )


def letters_of_week(session: Session, week: date, accounts: Collection[int]) -> Mapping[int, str]:
    """By account, the state of the letter that the job posted to it, where it did."""
    keys = {week_key(week, number): number for number in accounts}
    found = select(Letter.key, Letter.state).where(Letter.key.in_(keys))
    return {keys[row.key]: row.state for row in session.execute(found) if row.key}
