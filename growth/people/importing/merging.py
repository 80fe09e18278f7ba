"""The merge: what was planned, written by set-based statements in one transaction."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from growth.errors import TransientError
from growth.locales import N_
from growth.people.importing.permissions import FilePermission
from growth.people.suppression import take_along

_IMPORTS_LOCK = 7310_0003


class OvertakenError(TransientError):
    """Somebody else stored one of the planned addresses between the plan and the merge."""


# Ordered by key where the index is, so that its pages are touched one after another.
_PEOPLE = """
insert into person (id, name_sealed, name_hash, locale, country, time_zone, created_at)
select person_id, name_sealed, name_hash, locale, country, time_zone, :now from folded where fresh order by person_id
"""
_ALTERED = """
update person p set
    name_sealed = case when a.name_hash is distinct from p.name_hash then coalesce(a.name_sealed, p.name_sealed)
        else p.name_sealed end,
    name_hash = coalesce(a.name_hash, p.name_hash), locale = coalesce(a.locale, p.locale),
    country = coalesce(a.country, p.country), time_zone = coalesce(a.time_zone, p.time_zone)
from altered a where a.person_id = p.id
"""
_IDENTITIES = """
insert into identity (kind, hash, sealed, person_id, receiver, trait, mailbox, created_at)
select kind, hash, sealed, person_id, receiver, trait, mailbox, :now from new_identity order by kind, hash
"""
_FACTS = """
insert into consent_fact
    (person_id, purpose, channel, granted, basis, jurisdiction, source, wording, evidence, at, recorded_at)
select person_id, purpose, 'email', granted, basis, jurisdiction, source, wording,
    jsonb_build_object('file', cast(:file as text), 'row', row), at, :now
from new_fact order by person_id
on conflict do nothing
"""
_CONSENTS = """
insert into consent (person_id, purpose, channel, granted, basis, at)
select distinct on (person_id, purpose) person_id, purpose, 'email', granted, basis, at
from new_fact order by person_id, purpose, at desc, granted
on conflict (person_id, purpose, channel) do update set granted = excluded.granted, basis = excluded.basis,
    at = excluded.at
where (excluded.at, not excluded.granted) > (consent.at, not consent.granted)
"""
# Who left the list comes back by themselves, and who said no in the same file doesn't join.
_MEMBERS = """
insert into list_member (list_id, person_id, state, source, at)
select :list_id, j.person_id, 'subscribed', :source, :now
from joining j join consent c using (person_id)
where c.purpose = :purpose and c.channel = 'email' and c.granted order by j.person_id
on conflict do nothing
"""
_OF_SUPPRESSED_MAILBOXES = """
select n.hash from new_identity n join blocked b on b.email = n.hash where n.kind = 'email'
"""


def wait_for_turn(session: Session) -> None:
    """Let one file be merged at a time, until the caller's transaction ends. A file waits as long as it takes."""
    session.execute(text("set local lock_timeout = 0"))
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _IMPORTS_LOCK})
    session.execute(text("set local lock_timeout = '60s'"))


def merge(session: Session, *, file: str, permission: FilePermission, now: datetime) -> None:
    """Write what `plan` found, in the caller's transaction. What people can be waiting for is touched last.

    Raises OvertakenError when one of the addresses is free no more: roll back and plan again.
    """
    session.execute(text(_PEOPLE), {"now": now})
    try:
        session.execute(text(_IDENTITIES), {"now": now})
    except IntegrityError as taken:
        raise OvertakenError(N_("Somebody else stored some of these people at the same moment.")) from taken
    take_along(session, session.scalars(text(_OF_SUPPRESSED_MAILBOXES)).all())
    session.execute(text(_ALTERED))
    session.execute(text(_FACTS), {"now": now, "file": file})
    session.execute(text(_CONSENTS))
    if permission.list_id is not None:
        member = {"list_id": permission.list_id, "purpose": permission.purpose, "source": f"import {file}", "now": now}
        session.execute(text(_MEMBERS), member)
