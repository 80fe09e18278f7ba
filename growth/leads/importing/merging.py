"""The merge of staged leads: planned in temporary tables, so that a dry run can stop there, then a few statements."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.leads.importing.columns import UNKNOWN
from growth.leads.importing.rows import STAGED
from growth.leads.stages import WON_STAGES

_LOCK = 7310_0010
_LARGE = 1_000


@dataclass(frozen=True)
class Counts:
    """What a file of leads came to.

    Args:
        read: rows read, of leads and of deals.
        new: leads that were not known.
        changed: leads that were known differently.
        same: leads that were known just so.
        won: leads now known as won that were not, or not at that moment.
        repeated: rows of a lead that stands in the file again below.
        rejected: rows that could not go in.
    """

    read: int
    new: int
    changed: int
    same: int
    won: int
    repeated: int
    rejected: int


_PLAN = (
    """
    create temp table lead_plan on commit drop as
    select distinct on (r.source_key)
        r.source_key, r.name, r.channel, r.facts::jsonb as facts, r.contacted_at, l.id as lead_id,
        coalesce(e.person_id, p.person_id) as person_id,
        (coalesce(r.name, l.name), coalesce(r.channel, l.channel), l.facts || r.facts::jsonb, r.contacted_at,
         coalesce(e.person_id, p.person_id, l.person_id))
        is distinct from (l.name, l.channel, l.facts, l.contacted_at, l.person_id) as differs
    from lead_row r
    left join lead l on l.source = :source and l.source_key = r.source_key
    left join identity e on e.kind = 'email' and e.hash = r.email
    left join identity p on p.kind = 'phone' and p.hash = r.phone
    where r.contacted_at is not null
    order by r.source_key, r.file desc, r.row desc
    """,
    """
    create temp table deal_plan on commit drop as
    select distinct on (r.source_key) r.source_key, r.won_at
    from lead_row r
    left join lead l on l.source = :source and l.source_key = r.source_key
    where r.won_at is not null and r.won_at is distinct from l.won_at
        and (l.id is not null or exists (select from lead_plan n where n.source_key = r.source_key))
    order by r.source_key, r.file desc, r.row desc
    """,
)
_ORPHANS = """
select r.file, r.row from lead_row r
where r.contacted_at is null and not exists (select from lead_plan n where n.source_key = r.source_key)
    and not exists (select from lead l where l.source = :source and l.source_key = r.source_key)
order by r.file, r.row
"""
_COUNTS = """
select (select count(*) from lead_row), count(*) filter (where lead_id is null),
    count(*) filter (where lead_id is not null and differs), count(*) filter (where not differs),
    (select count(*) from deal_plan), (select count(*) from lead_row where contacted_at is not null) - count(*)
from lead_plan
"""
_NEW = """
insert into lead (side, source, source_key, person_id, name, channel, facts, stage, contacted_at, created_at)
select 'seller', :source, source_key, person_id, coalesce(name, 'Seller ' || left(source_key, 8)),
    coalesce(channel, :unknown), facts, 'contacted', contacted_at, :now
from lead_plan where lead_id is null order by contacted_at, source_key
"""
# What a cell leaves empty stays as it was.
_CHANGED = """
update lead l set name = coalesce(p.name, l.name), channel = coalesce(p.channel, l.channel),
    facts = l.facts || p.facts, contacted_at = p.contacted_at, person_id = coalesce(p.person_id, l.person_id)
from lead_plan p where p.lead_id = l.id and p.differs
"""
_WON = """
with won as (
    update lead l set won_at = d.won_at, closed_at = d.won_at, due_at = null,
        stage = case when l.stage = any(:won_stages) then l.stage else :stage end
    from deal_plan d where l.source = :source and l.source_key = d.source_key
    returning l.id, l.stage, l.won_at
)
insert into stage_change (lead_id, stage, at, by, reason, recorded_at)
select id, stage, won_at, :by, 'imported', :now from won order by id
on conflict do nothing
"""


def open_staging(session: Session) -> None:
    """Make the staging table, empty; it lives until the transaction ends."""
    columns = ", ".join(f"{name} {kind}" for name, kind in STAGED.items())
    session.execute(text(f"create temp table lead_row ({columns}) on commit drop"))


def plan(session: Session, source: str) -> list[tuple[int, int]]:
    """Work out what the staged rows would change; returns file and row of each deal whose lead nobody knows.

    One import at a time from here on, until the transaction ends.
    """
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    session.execute(text("analyze lead_row"))
    for statement in _PLAN:
        session.execute(text(statement), {"source": source})
    return [(row.file, row.row) for row in session.execute(text(_ORPHANS), {"source": source})]


def count(session: Session, rejected: int, orphans: int) -> Counts:
    """The plan in numbers; `rejected` rows were never staged, `orphans` were."""
    staged, new, changed, same, won, repeated = session.execute(text(_COUNTS)).one()
    return Counts(staged + rejected, new, changed, same, won, repeated, rejected + orphans)


def merge(session: Session, source: str, counts: Counts, *, by: str, now: datetime) -> None:
    """Write what was planned, in the caller's transaction."""
    session.execute(text(_NEW), {"source": source, "unknown": UNKNOWN, "now": now})
    session.execute(text(_CHANGED))
    stages = {"won_stages": list(WON_STAGES), "stage": WON_STAGES[0]}
    session.execute(text(_WON), {"source": source, "by": by, "now": now} | stages)
    if counts.new >= _LARGE:
        # The queue is asked for at once; its plans shouldn't wait for autovacuum.
        session.execute(text("analyze lead"))
