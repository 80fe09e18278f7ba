"""The claim's statement: which planned deliveries may be handed over now, asked and written down at once."""

from sqlalchemy import TextClause, text

from growth.campaigns.choosing.judging import too_often
from growth.campaigns.choosing.permission import WITHOUT, may
from growth.campaigns.sending.timing import place

_MAY = "known.reason is null and known.quiet_until is null"
_WITHIN_SPEED = f"""
    and row_number() over (partition by known.receiver, {_MAY} order by known.id)
        <= coalesce(cast(given.by_receiver ->> known.receiver as bigint), :size)
"""


def claim_statement(*, by_receiver: bool) -> TextClause:
    """Gives whoever was looked at: claimed with an address, else with what stands against it or until when it is quiet.

    Of those who may be written to now, each receiver gets what its speed allows, if any has a limit.
    """
    return text(f"""
    with given as materialized (
        select cast(:quiet as jsonb) as quiet, cast(:by_receiver as jsonb) as by_receiver),
    candidate as materialized (
        select delivery.id, delivery.person_id, coalesce(delivery.receiver, '') as receiver,
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
        order by delivery.id limit :size for update of delivery skip locked),
    asked as materialized (
        select candidate.id, candidate.person_id, candidate.receiver, address.identity_id, person.name_sealed,
            without, case when without is null then {too_often(":purpose")} end as too_often,
            to_timestamp(nullif(cast({place("given.quiet")} as float8), 0)) as quiet_until
        from candidate join person on person.id = candidate.person_id {may("candidate")} cross join given
        cross join lateral (select {WITHOUT} as without offset 0) barred),
    judged as materialized (
        select known.*, {_MAY} {_WITHIN_SPEED if by_receiver else ""} as taken
        from given cross join (
            select id, person_id, receiver, identity_id, name_sealed, quiet_until, coalesce(without, case
                when too_often then 'frequency_cap'
                when coalesce(quiet_until, :now) > :ends then 'quiet_hours' end) as reason
            from asked) known),
    batch as (
        insert into delivery_batch (id, campaign_run_id, state, claimed_at)
        select :batch, :run, 'claimed', :now where exists (select from judged where taken)),
    claimed as (
        update delivery set state = 'claimed', batch_id = :batch, claimed_at = :now, email_version_id = :version,
            identity_id = judged.identity_id
        from judged where judged.taken and delivery.id = judged.id)
    select judged.id, judged.person_id, judged.receiver, judged.reason, judged.quiet_until, judged.name_sealed,
        chosen.sealed
    from judged left join identity chosen on judged.taken and chosen.id = judged.identity_id
    order by judged.id
""")  # noqa: S608 - the parts stand above and in `growth.campaigns.choosing`
