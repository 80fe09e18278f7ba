"""Whether somebody may be written to at all, in SQL: one set of rules for a review, a selection and a claim.

The statements that these parts stand in bind `now`, and have `person`, `consent`, `topic` (of `list_member`),
`preference`, `rules` (of `sending_rules`) and `address` beside the people asked about.
"""

import re

from growth.people.permission.jurisdictions import bases_sql


def _basis_suffices() -> str:
    """With the codes of countries, which are our own, written out."""
    expression, values = bases_sql("person", "consent")
    written = {name: "'{" + ",".join(codes) + "}'" for name, codes in values.items()}
    return re.sub(r":(law_\w+)", lambda place: written[place[1]], expression)


# `growth.locales.closest`, in SQL.
LOCALE = """
    case lower(split_part(replace(person.locale, '-', '_'), '_', 1))
        when 'en' then 'en' when 'ru' then 'ru' when 'pt' then 'pt_BR' when 'zh' then 'zh_CN' end
"""

_BARRED = """
    (coalesce(identity.trait = 'role' and rules.role_addresses = 'leave_out', false)
    or coalesce(identity.trait = 'disposable' and rules.disposable_addresses = 'leave_out', false))
"""

# Of one person's addresses: the one for sending, and what stands against the others.
ADDRESS = f"""
    min(identity.id) filter (where bounce.id is null and not {_BARRED}) as identity_id,
    count(identity.id) as addresses, count(identity.id) filter (where bounce.id is null) as unbounced,
    bool_or(wish.reason <> 'unsubscribe') as own_will,
    max(wish.at) filter (where wish.reason = 'unsubscribe') as unsubscribed_at
"""

LIVE = "identity.kind = 'email' and identity.sealed is not null and identity.retired_at is null"
"""Addresses that are somebody's now."""


def of_address(listed: str, purpose: str) -> str:
    """Whether a suppression is one of an address: as `listed`, a `bounce` or a `wish`, which is any other."""
    reason = {"bounce": "in ('hard_bounce', 'soft_bounce')", "wish": "not in ('hard_bounce', 'soft_bounce')"}[listed]
    return f"""
        {listed}.channel = 'email' and {listed}.hash = identity.hash and {listed}.scope in ('all', {purpose})
        and {listed}.reason {reason}
    """


def may(people: str) -> str:
    """To be joined to a set of people: their permission, and for each the one address for sending.

    `people` is a part of the statement with `person_id`, `purpose` and `list_id`, the topic. An address that bounced
    says nothing about a person's other addresses; any other reason is the person's own will. A permission that is
    younger than an unsubscription counts more.
    """
    # By person and, with `offset 0`, by address: before a table's first ANALYZE the planner expects few suppressions,
    # and would go through all of them for each person.
    return f"""
    left join sending_rules rules on true
    left join consent on consent.person_id = {people}.person_id and consent.purpose = {people}.purpose
        and consent.channel = 'email'
    left join list_member topic on topic.person_id = {people}.person_id and topic.list_id = {people}.list_id
    left join preference on preference.person_id = {people}.person_id
    cross join lateral (
        select {ADDRESS} from identity
        left join lateral (
            select * from suppression bounce where {of_address("bounce", f"{people}.purpose")} offset 0) bounce on true
        left join lateral (
            select * from suppression wish where {of_address("wish", f"{people}.purpose")} offset 0) wish on true
        where identity.person_id = {people}.person_id and {LIVE}
    ) address
    """  # noqa: S608 - the names are ours


WITHOUT = f"""
    case
        when person.erased_at is not null then 'erased'
        when address.addresses = 0 then 'no_address'
        when address.own_will or address.unbounced = 0 then 'suppressed'
        when address.unsubscribed_at >= case when consent.granted then consent.at else '-infinity' end then 'suppressed'
        when consent.granted is not true or not ({_basis_suffices()}) then 'no_consent'
        when topic.state = 'left' then 'left_topic'
        when preference.paused_until > :now then 'paused'
        when address.identity_id is null then 'address_policy'
    end
"""
"""Why a person may not be written to at all; null when nothing stands against it."""
