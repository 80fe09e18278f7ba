"""The SQL behind each condition, over the alias `person`; every value is bound.

Each is written for asking some thousands of people, who are looked up one by one. For asking everybody, `ONE_BY_ONE` is
taken out, so that the database may make a set of it once; what is added up has a form of its own for that. Both give
the same answer.
"""
# ruff: noqa: S608 - the names are ours, values are bound

from collections.abc import Callable, Mapping
from typing import Any

from growth.errors import InvalidError
from growth.locales import N_

ONE_BY_ONE = " offset 0"
"""Ends what is looked up: without it the database might read a whole table for a handful of people."""
Bind = Callable[[Any, str], str]
"""(value, SQL type) → the place where it stands."""

LANGUAGE = "lower(split_part(replace(person.locale, '-', '_'), '_', 1))"
"""As in the index `ix_person_language`."""


def language(locales: list[str], bind: Bind) -> str:
    """Who reads one of these; whatever their tag says after the language."""
    spoken = sorted(locale.split("_")[0] for locale in locales)
    return f"{LANGUAGE} = any({bind(spoken, 'text[]')})"


def country(codes: list[str], bind: Bind) -> str:
    """Who lives in one of these."""
    return f"person.country = any({bind(codes, 'text[]')})"


def time_zone(names: list[str], bind: Bind) -> str:
    """Of whom we know that they live by one of these clocks."""
    return f"person.time_zone = any({bind(names, 'text[]')})"


def joined(days: int, bind: Bind) -> str:
    """Whom we have known for no longer."""
    return f"person.created_at >= {_since(days, bind)}"


def joined_day(moment: str, bind: Bind) -> str:
    """Whom we know since then or later."""
    return f"person.created_at >= {bind(moment, 'timestamptz')}"


def side(names: list[str], bind: Bind) -> str:
    """Who is a lead of one of the sides, did something that counts on it, or subscribed to one of its lists."""
    place = f"any({bind(names, 'text[]')})"
    return f"""(exists (select from lead where lead.person_id = person.id and lead.side = {place}{ONE_BY_ONE})
        or exists (select from conversion where conversion.person_id = person.id
            and conversion.side = {place}{ONE_BY_ONE})
        or exists (select from list_member join mailing_list on mailing_list.id = list_member.list_id
            where list_member.person_id = person.id and mailing_list.side = {place}{ONE_BY_ONE}))"""


def audience(_: list[int], _bind: Bind) -> str:
    """Never compiled: it stands for the conditions of another audience, which `expanding.expanded` puts in."""
    raise InvalidError(
        "audience", N_("A saved audience is used here, but not read."), remedy=N_("Open it and save it again.")
    )


def permission(value: Mapping[str, Any], bind: Bind) -> str:
    """Who allows e-mail for the purpose, when bases are given on one of them."""
    basis = f" and consent.basis = any({bind(value['bases'], 'text[]')})" if value["bases"] else ""
    return f"""exists (select from consent where consent.person_id = person.id and consent.granted
        and consent.purpose = {bind(value["purpose"], "text")} and consent.channel = 'email'{basis}{ONE_BY_ONE})"""


def subscribed(keys: list[str], bind: Bind) -> str:
    """Who is on one of the lists."""
    return _on_list(keys, bind, "subscribed")


def left(keys: list[str], bind: Bind) -> str:
    """Who has left one of the lists."""
    return _on_list(keys, bind, "left")


def _on_list(keys: list[str], bind: Bind, state: str) -> str:
    found = f"select mailing_list.id from mailing_list where mailing_list.key = any({bind(keys, 'text[]')})"
    return f"""exists (select from list_member where list_member.person_id = person.id
        and list_member.state = '{state}' and list_member.list_id in ({found}){ONE_BY_ONE})"""


def suppressed(_: None, _bind: Bind) -> str:
    """Who has an address that must not be written to."""
    return f"""exists (select from identity join suppression
        on suppression.channel = 'email' and suppression.hash = identity.hash
        where identity.person_id = person.id and identity.kind = 'email'{ONE_BY_ONE})"""


# A rep may have taken it back.
_STANDS = """not exists (select from event as back where back.person_id = event.person_id
    and back.kind = 'call_withdrawn' and back.properties ->> 'event' = cast(event.event_id as text))"""


def event(value: Mapping[str, Any], bind: Bind) -> str:
    """To whom something happened, so many times, when days are given within them."""
    return _did(_of_kind(value, bind), value, bind)


def events_of_all(value: Mapping[str, Any], bind: Bind) -> str:
    """As `event`, for everybody."""
    return _all_did(_of_kind(value, bind), value, bind)


def custom_event(value: Mapping[str, Any], bind: Bind) -> str:
    """As `event`, of what a site tells by a name of its own."""
    return _did(_named(value, bind), value, bind)


def custom_events_of_all(value: Mapping[str, Any], bind: Bind) -> str:
    """As `custom_event`, for everybody."""
    return _all_did(_named(value, bind), value, bind)


def _of_kind(value: Mapping[str, Any], bind: Bind) -> str:
    kind = f"event.kind = {bind(value['kind'], 'text')}"
    return f"{kind} and {_STANDS}" if value["kind"] == "call" else kind


def _named(value: Mapping[str, Any], bind: Bind) -> str:
    return f"event.kind = 'custom' and event.properties ->> 'name' = {bind(value['name'], 'text')}"


def _did(which: str, value: Mapping[str, Any], bind: Bind) -> str:
    again = f" offset {bind(value['times'] - 1, 'bigint')}" if value["times"] > 1 else ONE_BY_ONE
    happened = _lately(which, value, bind)
    return f"exists (select from event where event.person_id = person.id and {happened}{again})"


def _all_did(which: str, value: Mapping[str, Any], bind: Bind) -> str:
    if value["times"] == 1:
        return _did(which, value, bind)
    return f"""person.id in (select event.person_id from event where {_lately(which, value, bind)}
        group by event.person_id having count(*) >= {bind(value["times"], "bigint")})"""


def _lately(which: str, value: Mapping[str, Any], bind: Bind) -> str:
    known = f"{which} and event.person_id is not null"
    return known if value["days"] is None else f"{known} and event.occurred_at >= {_since(value['days'], bind)}"


def spent(value: Mapping[str, Any], bind: Bind) -> str:
    """Who ordered for at least an amount in one currency, less what they got back."""
    return f"""coalesce((select {_SPENT} from conversion where conversion.person_id = person.id
        and {_paid(value, bind)}), 0) >= {bind(value["amount_minor"], "bigint")}"""


def spent_of_all(value: Mapping[str, Any], bind: Bind) -> str:
    """As `spent`, for everybody."""
    return f"""person.id in (select conversion.person_id from conversion where {_paid(value, bind)}
        group by conversion.person_id having {_SPENT} >= {bind(value["amount_minor"], "bigint")})"""


def _paid(value: Mapping[str, Any], bind: Bind) -> str:
    found = f"""conversion.kind in ('order', 'first_order', 'refund') and conversion.person_id is not null
        and conversion.currency = {bind(value["currency"], "text")}"""
    return found if value["days"] is None else f"{found} and conversion.occurred_at >= {_since(value['days'], bind)}"


_SPENT = "sum(case when conversion.kind = 'refund' then -abs(conversion.value_minor) else conversion.value_minor end)"

_REACHED = {"sent": "accepted_at", "delivered": "delivered_at", "opened": "opened_at", "clicked": "clicked_at"}
# A delivery is counted from when it was sent: that is the moment with an index.
_COUNTED_FROM = _REACHED | {"delivered": "accepted_at"}


def message(value: Mapping[str, Any], bind: Bind) -> str:
    """Who was sent, got, opened or clicked a message: of one of the campaigns, or of any."""
    step = value["step"]
    found = f"delivery.person_id = person.id and delivery.{_REACHED[step]} is not null"
    if value["days"] is not None:
        found += f" and delivery.{_COUNTED_FROM[step]} >= {_since(value['days'], bind)}"
    if value["campaigns"]:
        found += f""" and delivery.campaign_run_id in (select campaign_run.id from campaign_run
            where campaign_run.campaign_id = any({bind(value["campaigns"], "bigint[]")}))"""
    return f"exists (select from delivery where {found}{ONE_BY_ONE})"


def unopened(last: int, bind: Bind) -> str:
    """Who was sent so many messages and neither opened nor clicked any of the last so many."""
    most = bind(last, "bigint")
    return f"""(select count(*) = {most} and bool_and(latest.unread) from (
        select delivery.opened_at is null and delivery.clicked_at is null as unread from delivery
        where delivery.person_id = person.id and delivery.accepted_at is not null
        order by delivery.id desc limit {most}) latest)"""


def lead_stage(stages: list[str], bind: Bind) -> str:
    """Who has a lead in one of these stages."""
    return f"""exists (select from lead where lead.person_id = person.id
        and lead.stage = any({bind(stages, "text[]")}){ONE_BY_ONE})"""


def lead_score(percent: int, bind: Bind) -> str:
    """Who has an open lead that is won with at least this probability."""
    return f"""exists (select from lead join lead_rank on lead_rank.lead_id = lead.id
        where lead.person_id = person.id and lead_rank.side in ('buyer', 'seller')
        and lead_rank.probability >= {bind(percent, "bigint")} / 100.0{ONE_BY_ONE})"""


def organisation_kind(kinds: list[str], bind: Bind) -> str:
    """Who is a lead's person at a company of one of these kinds."""
    return _at_company(f"organisation.kind = any({bind(kinds, 'text[]')})")


def province(names: list[str], bind: Bind) -> str:
    """Who is a lead's person at a company in one of these provinces."""
    return _at_company(f"organisation.province = any({bind(names, 'text[]')})")


def _at_company(found: str) -> str:
    return f"""exists (select from lead join organisation on organisation.id = lead.organisation_id
        where lead.person_id = person.id and {found}{ONE_BY_ONE})"""


def _since(days: int, bind: Bind) -> str:
    return f"cast(:now as timestamptz) - make_interval(days => {bind(days, 'int')})"
