"""What a staged file would change: worked out in temporary tables, so that a dry run can stop there.

`claim` has a row's addresses and whom they point at, `placed` whose row it is, `folded` a line a person,
`new_identity` and `new_fact` what is to be appended, `joining` who joins the file's list.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.database.copying import copy_rows
from growth.people.importing.matching import Claim, Matcher, Reason, Verdict
from growth.people.importing.permissions import FilePermission
from growth.people.permission.jurisdictions import bases_sql

_TANGLED_BATCH = 20_000

_CLAIMS = """
create temp table blocked on commit drop as
with listed as (
    select hash, scope, reason from suppression where channel = 'email'
), mailbox as (
    select hash as mailbox, scope from listed
    union select i.mailbox, scope from listed join identity i on i.kind = 'email' and i.hash = listed.hash
    where i.mailbox is not null
), named as (
    select distinct email, coalesce(mailbox, email) as mailbox from import_row where email is not null
)
select email, bool_or(erased) as erased, array_agg(distinct scope) as scopes from (
    select n.email, l.scope, l.reason = 'erased' as erased from named n join listed l on l.hash = n.email
    union all select n.email, m.scope, false from named n join mailbox m using (mailbox)
) found group by email;

create temp table claim on commit drop as
select r.row, first.email_no, r.phone, e.person_id as by_email, p.person_id as by_phone,
    (e.id is not null and e.person_id is null) or (p.id is not null and p.person_id is null) as organisation,
    coalesce(b.erased, false) as erased, coalesce(b.scopes && array['all', r.purpose], false) as suppressed
from import_row r
left join (
    select email, min(row) as email_no from import_row where email is not null group by email
) first using (email)
left join identity e on e.kind = 'email' and e.hash = r.email
left join identity p on p.kind = 'phone' and p.hash = r.phone
left join blocked b on b.email = r.email;
analyze claim;
"""

# Rows whose addresses point at more than one person or are shared by rows of different e-mail addresses, and all
# rows with the same e-mail as those: they are decided one by one. The others can't touch one another.
_TANGLED = """
create temp table tangled on commit drop as
with shared as (
    select phone, min(row) as phone_no from claim where phone is not null and not erased group by phone
    having min(coalesce(email_no, -row)) <> max(coalesce(email_no, -row))
), direct as (
    select c.row, c.email_no from claim c left join shared s using (phone)
    where not erased and (s.phone is not null or organisation
        or (email_no is not null and by_phone is not null and by_phone is distinct from by_email))
), mixed as (
    select distinct email_no from direct where email_no is not null
)
select c.row, c.email_no as email, coalesce(s.phone_no, -c.row) * (c.phone is not null)::int as phone, c.by_email,
    c.by_phone, c.organisation,
    exists (select from identity i where i.person_id = c.by_phone and i.kind = 'email') as phone_has_email
from claim c left join shared s using (phone)
where not erased and (c.row in (select row from direct) or c.email_no in (select email_no from mixed));
create index on tangled (row);
analyze tangled;
create temp table verdict (row int4, owner int8, reason text, other int4) on commit drop;
insert into verdict (row, reason) select row, 'erased' from claim where erased;
"""

_PLACED = """
analyze verdict;
create temp table owned on commit drop as
select c.row, coalesce(v.owner, c.by_email, c.by_phone, -coalesce(c.email_no, c.row)) as owner,
    c.email_no is not null and c.by_email is null as email_new, c.phone is not null and c.by_phone is null as phone_new,
    c.suppressed
from claim c left join verdict v using (row) where v.reason is null;

create temp table fresh on commit drop as
select owner, nextval((select pg_get_serial_sequence('person', 'id'))::regclass) as person_id
from (select owner from owned where owner < 0 group by owner order by min(row)) n;
analyze fresh;

create temp table placed on commit drop as
select o.row, coalesce(f.person_id, o.owner) as person_id, f.person_id is not null as fresh,
    count(*) over (partition by o.owner) = 1 as alone, o.email_new, o.phone_new, o.suppressed
from owned o left join fresh f using (owner);
analyze placed;
"""

# A filled cell stands above what is stored, an empty one leaves it; of several rows the last filled cell counts.
_FOLDED = """
create temp table folded on commit drop as
select p.person_id, p.fresh, r.name_hash, r.name_sealed, r.locale, r.country, r.time_zone
from placed p join import_row r using (row) where p.alone
union all
select p.person_id, p.fresh,
    (array_agg(r.name_hash order by row desc) filter (where r.name_hash is not null))[1],
    (array_agg(r.name_sealed order by row desc) filter (where r.name_hash is not null))[1],
    (array_agg(r.locale order by row desc) filter (where r.locale is not null))[1],
    (array_agg(r.country order by row desc) filter (where r.country is not null))[1],
    (array_agg(r.time_zone order by row desc) filter (where r.time_zone is not null))[1]
from placed p join import_row r using (row) where not p.alone group by p.person_id, p.fresh;

create temp table altered on commit drop as
select f.* from folded f join person p on p.id = f.person_id
where not f.fresh and (
    f.name_hash is not null and f.name_hash is distinct from p.name_hash
    or f.locale is not null and f.locale is distinct from p.locale
    or f.country is not null and f.country is distinct from p.country
    or f.time_zone is not null and f.time_zone is distinct from p.time_zone);

create temp table new_identity on commit drop as
select p.person_id, p.fresh, 'email' as kind, r.email as hash, r.email_sealed as sealed, receiver, trait, mailbox
from placed p join import_row r using (row) where p.email_new and p.alone
union all
select p.person_id, p.fresh, 'phone', r.phone, r.phone_sealed, null, null, null
from placed p join import_row r using (row) where p.phone_new and p.alone
union all
(select distinct on (r.email) p.person_id, p.fresh, 'email', r.email, r.email_sealed, receiver, trait, mailbox
from placed p join import_row r using (row) where p.email_new and not p.alone order by r.email, row)
union all
(select distinct on (r.phone) p.person_id, p.fresh, 'phone', r.phone, r.phone_sealed, null, null, null
from placed p join import_row r using (row) where p.phone_new and not p.alone order by r.phone, row);
"""

# A yes to a suppressed address is not stored: the address can't come back by a file. A no without a moment takes
# back what holds now, and where nothing holds there is nothing to take back.
_FACTS = """
create temp table new_fact on commit drop as
select p.person_id, p.fresh, r.purpose, r.granted, r.basis, r.jurisdiction, r.source, r.wording, r.at, row
from placed p join import_row r using (row)
where r.granted is not null and r.at is not null and not (r.granted and p.suppressed) and p.fresh and p.alone
union all
(select distinct on (p.person_id, r.purpose, r.at, r.source, r.granted)
    p.person_id, p.fresh, r.purpose, r.granted, r.basis, r.jurisdiction, r.source, r.wording, r.at, row
from placed p join import_row r using (row)
where r.granted is not null and r.at is not null and not (r.granted and p.suppressed) and not (p.fresh and p.alone)
    and not exists (select from consent_fact f where f.person_id = p.person_id and f.purpose = r.purpose
        and f.channel = 'email' and f.source = r.source and f.at = r.at and f.granted = r.granted)
order by p.person_id, r.purpose, r.at, r.source, r.granted, row);
insert into new_fact
select distinct on (p.person_id, r.purpose)
    p.person_id, p.fresh, r.purpose, false, r.basis, r.jurisdiction, r.source, r.wording, cast(:now as timestamptz), row
from placed p join import_row r using (row)
where r.granted is false and r.at is null and (
    exists (select from new_fact n where n.person_id = p.person_id and n.purpose = r.purpose and n.granted)
    or exists (select from consent c where c.person_id = p.person_id and c.purpose = r.purpose
        and c.channel = 'email' and c.granted))
order by p.person_id, r.purpose, row;
analyze new_fact;

create temp table joining on commit drop as
select distinct p.person_id, p.fresh from placed p join import_row r using (row)
where r.granted and not p.suppressed and r.purpose = cast(:purpose as text) and cast(:list_id as bigint) is not null
    and not exists (
    select from list_member m where m.list_id = cast(:list_id as bigint) and m.person_id = p.person_id);
analyze joining;
"""

# The law is that of where the person lives once the file is in. Most rest on consent, which is enough anywhere.
_ENOUGH, _LAW = bases_sql("lives", "r")
_COUNTS = f"""
select
    (select count(distinct p.person_id) from placed p join import_row r using (row)
        left join person on person.id = p.person_id
        cross join lateral (select coalesce(r.country, person.country) as country) lives
        where r.granted and not p.suppressed and r.basis <> 'consent' and not {_ENOUGH}) as insufficient,
    (select count(*) from fresh) as new,
    (select count(*) from (select person_id from altered union select person_id from new_identity where not fresh
        union select person_id from new_fact where not fresh
        union select person_id from joining where not fresh) c) as changed,
    (select count(*) from folded) as people,
    (select count(*) from placed) as accepted,
    (select count(*) from verdict where reason is not null) as refused,
    (select count(*) from new_fact) as facts,
    count(distinct person_id) filter (where r.granted and not p.suppressed) as permitted,
    count(distinct person_id) filter (where r.granted is false) as withdrawn,
    count(distinct person_id) filter (where r.incomplete) as incomplete,
    count(distinct person_id) filter (where p.suppressed) as suppressed
from placed p join import_row r using (row)
"""  # noqa: S608 - the condition is ours, its values are bound


@dataclass(frozen=True)
class Counts:
    """What becomes of a file. Rows: read = accepted + rejected; people: new + changed + unchanged."""

    rows: int = 0
    rejected: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    """Rows about somebody whom another row of the file is about too."""
    permitted: int = 0
    """People for whom the file proves a permission; the others get none from it."""
    unpermitted: int = 0
    withdrawn: int = 0
    incomplete: int = 0
    """People for whom the file says yes but lacks basis, source, wording or moment."""
    insufficient: int = 0
    """People whose permission is on record, but isn't enough for e-mails by the law where they live."""
    suppressed: int = 0
    facts: int = 0
    """Permissions and withdrawals that were not on record yet."""


def plan(session: Session, now: datetime, permission: FilePermission) -> dict[str, int]:
    """Fill the temporary tables of this transaction from `import_row`; returns the figures of `_COUNTS`."""
    session.execute(text("set local work_mem = '64MB'"))
    for statement in (_CLAIMS, _TANGLED):
        _run(session, statement)
    _untangle(session)
    for statement in (_PLACED, _FOLDED, _FACTS):
        _run(session, statement, now=now, list_id=permission.list_id, purpose=permission.purpose)
    return dict(session.execute(text(_COUNTS), _LAW).mappings().one())


def counts(found: dict[str, int], checked: int, rejected: int) -> Counts:
    """The figures for people, from those of the plan, the rows staged and those rejected while reading."""
    return Counts(
        rows=checked + rejected,
        rejected=rejected + found["refused"],
        new=found["new"],
        changed=found["changed"],
        unchanged=found["people"] - found["new"] - found["changed"],
        repeated=found["accepted"] - found["people"],
        permitted=found["permitted"],
        unpermitted=found["people"] - found["permitted"],
        withdrawn=found["withdrawn"],
        incomplete=found["incomplete"],
        insufficient=found["insufficient"],
        suppressed=found["suppressed"],
        facts=found["facts"],
    )


def _run(session: Session, statements: str, **values: Any) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), used)


def _untangle(session: Session) -> None:
    matcher = Matcher()
    after = 0
    form = text("select * from tangled where row > :after order by row limit :size")
    while rows := session.execute(form, {"after": after, "size": _TANGLED_BATCH}).all():
        claims = [
            Claim(
                row.row, row.email, row.phone or None, row.by_email, row.by_phone, row.phone_has_email, row.organisation
            )
            for row in rows
        ]
        verdicts = ((v.row, v.owner, v.reason, v.other) for v in matcher.decide(claims))
        copy_rows(session, "verdict", ["row", "owner", "reason", "other"], verdicts)
        after = rows[-1].row


def refused(session: Session, after: int, size: int) -> list[Verdict]:
    """Rows that can't go in because of whose addresses they hold, in the order of the file."""
    form = text("select * from verdict where reason is not null and row > :after order by row limit :size")
    rows = session.execute(form, {"after": after, "size": size})
    return [Verdict(row.row, None, Reason(row.reason), row.other) for row in rows]
