"""The claim's statement: which planned deliveries may be handed over now, asked and written down at once.

What was asked of people when the run was selected holds until something of it changes. The changes are noted (see
`growth.people.permission.records.PermissionChange`), so only those of whom something changed since are asked again.
"""

from sqlalchemy import TextClause, text

from growth.campaigns.choosing.judging import too_often
from growth.campaigns.choosing.permission import WITHOUT, may
from growth.campaigns.sending.timing import place

_CANDIDATES = """
    given as materialized (
        select cast(:quiet as jsonb) as quiet, cast(:by_receiver as jsonb) as by_receiver),
    changed as materialized (
        select first_person, last_person from permission_change where xid >= cast(:judged_from as bigint)),
    candidate as materialized (
        select delivery.id, delivery.person_id, coalesce(delivery.receiver, '') as receiver, delivery.identity_id,
            cast(:purpose as text) as purpose, cast(:topic as bigint) as list_id
        from delivery
        where delivery.campaign_run_id = :run and delivery.filed = 'planned' and delivery.locale = :locale
            and delivery.arm is not distinct from cast(:arm as text) and delivery.id between :first and :last
            and (delivery.due_at is null or delivery.due_at <= :now)
            and not coalesce(delivery.receiver, '') = any(cast(:exhausted as text[]))
            and exists (
                select from campaign_run join campaign on campaign.id = campaign_run.campaign_id
                where campaign_run.id = :run and campaign.state = 'sending'
                    and campaign.version = coalesce(:edition, campaign.version))
        order by delivery.id limit :size for update of delivery skip locked)
"""

# Whose address went away, or who did, is asked again whatever was noted.
_SEEN = f"""
    seen as materialized (
        select candidate.*, person.name_sealed, known.sealed,
            to_timestamp(cast(nullif({place("given.quiet")}, '0') as float8)) as quiet_until,
            cast(:judged_from as bigint) is not null and person.erased_at is null and known.sealed is not null
                and known.retired_at is null and not exists (
                    select from changed where candidate.person_id between first_person and last_person) as holds
        from candidate join person on person.id = candidate.person_id cross join given
        left join identity known on known.id = candidate.identity_id)
"""  # noqa: S608 - the parts are ours

_ASKED = f"""
    doubtful as materialized (select * from seen where not holds),
    asked as materialized (
        select doubtful.id, doubtful.person_id, doubtful.receiver, address.identity_id, chosen.sealed,
            doubtful.name_sealed, doubtful.quiet_until, coalesce(without,
                case when without is null and {too_often(":purpose")} then 'frequency_cap' end) as reason
        from doubtful join person on person.id = doubtful.person_id {may("doubtful")}
        cross join lateral (select {WITHOUT} as without offset 0) barred
        left join identity chosen on chosen.id = address.identity_id),
    known as (
        select id, person_id, receiver, identity_id, sealed, name_sealed, quiet_until,
            coalesce(reason, case when coalesce(quiet_until, :now) > :ends then 'quiet_hours' end) as reason
        from (
            select * from asked
            union all
            select id, person_id, receiver, identity_id, sealed, name_sealed, quiet_until, null from seen where holds
        ) found)
"""  # noqa: S608 - likewise

_MAY = "known.reason is null and known.quiet_until is null"
_WITHIN_SPEED = f"""
    and row_number() over (partition by known.receiver, {_MAY} order by known.id)
        <= coalesce(cast(given.by_receiver ->> known.receiver as bigint), :size)
"""

_WRITTEN = """
    batch as (
        insert into delivery_batch (id, campaign_run_id, state, claimed_at, messages, first_delivery, last_delivery)
        select :batch, :run, 'claimed', :now, count(*), min(id), max(id) from judged where taken having count(*) > 0),
    claimed as (
        update delivery set state = 'accepted', batch_id = :batch, claimed_at = :now, accepted_at = :now,
            email_version_id = :version, identity_id = judged.identity_id, refusal = null
        from judged where judged.taken and delivery.id = judged.id)
"""


def claim_statement(*, by_receiver: bool) -> TextClause:
    """Gives whoever was looked at: claimed with an address, else with what stands against it or until when it is quiet.

    Of those who may be written to now, each receiver gets what its speed allows, if any has a limit.
    """
    return text(f"""
    with {_CANDIDATES}, {_SEEN}, {_ASKED},
    judged as materialized (
        select known.*, {_MAY} {_WITHIN_SPEED if by_receiver else ""} as taken from known cross join given),
    {_WRITTEN}
    select id, person_id, name_sealed, case when taken then sealed end as sealed, receiver, reason, quiet_until
    from judged order by id
""")  # noqa: S608 - the parts stand above and in `growth.campaigns.choosing`
