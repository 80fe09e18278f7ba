"""What is known of recipients, read for many at once: one statement for each group of variables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.messages.grids import readable
from growth.campaigns.messages.variables import VARIABLES
from growth.keyring import keyring
from growth.settings import settings

Facts = dict[str, Any]
"""By variable, what is known of one person."""

_PERSON = text("""
    select id, country, extract(year from created_at)::int as since from person where id = any(:people)
""")
_NAMES = text("select id, name_sealed from person where id = any(:people) and name_sealed is not null")
_SELLER = text("""
    select distinct on (lead.person_id) lead.person_id, organisation.legal_name, organisation.names,
        organisation.province, account.name as rep
    from lead left join organisation on organisation.id = lead.organisation_id and organisation.erased_at is null
    left join account on account.id = lead.owner_id
    where lead.person_id = any(:people) and lead.side = 'seller'
    order by lead.person_id, lead.closed_at is not null, lead.id desc
""")
# By person, so that each partition's index is asked from its newest end and left at the first that fits.
_LATEST = """
    select asked.id, latest.occurred_at, latest.properties
    from unnest(cast(:people as bigint[])) as asked (id)
    cross join lateral (
        select occurred_at, properties from event
        where person_id = asked.id and {which} and occurred_at > :since and occurred_at <= :now
        order by occurred_at desc limit 1) latest
"""
_ORDER = text(_LATEST.format(which="kind = 'order'"))
_BASKET = text(_LATEST.format(which="kind = 'custom' and properties->>'name' = 'basket'"))
ORDER_DAYS = 400
BASKET_DAYS = 30
"""How far back an order and a basket are looked for."""


def facts_of(
    session: Session,
    variables: Collection[str],
    people: Sequence[int],
    now: datetime,
    names: Mapping[int, str | None] | None = None,
) -> dict[int, Facts]:
    """What is known of people, for these variables; `names` where the caller has read them already."""
    found: dict[int, Facts] = {person: {} for person in people}
    groups = {VARIABLES[key].read for key in variables}
    if "name" in groups:
        for person, name in (names if names is not None else _names(session, people)).items():
            found[person] |= _name(name)
    for group in groups & set(_READ):
        for person, facts in _READ[group](session, people, now):
            found[person] |= facts
    if "referral_link" in variables:
        for person, facts in found.items():
            facts["referral_link"] = referral_link(person)
    return found


def referral_link(person_id: int) -> str:
    """Where a person's friends go: the shop, with a signed code by which it knows who sent them."""
    return f"{settings().shop_url.rstrip('/')}/?ref={keyring().sign('referral', str(person_id))}"


def _names(session: Session, people: Sequence[int]) -> dict[int, str | None]:
    keys = keyring()
    return {person: keys.unseal(sealed) for person, sealed in session.execute(_NAMES, {"people": list(people)})}


def _name(name: str | None) -> Facts:
    """The whole name, and the part somebody is called by: the first word; a Chinese name isn't parted."""
    whole = " ".join((name or "").split())
    return {"name": whole, "first_name": whole.split(" ", 1)[0]} if whole else {}


Read = Callable[[Session, Sequence[int], datetime], list[tuple[int, Facts]]]


def _person(session: Session, people: Sequence[int], _now: datetime) -> list[tuple[int, Facts]]:
    found = session.execute(_PERSON, {"people": list(people)})
    return [(person, {"country": country, "member_since": since}) for person, country, since in found]


def _seller(session: Session, people: Sequence[int], _now: datetime) -> list[tuple[int, Facts]]:
    found = session.execute(_SELLER, {"people": list(people)})
    return [
        (person, {"organisation": _called(legal, names or {}), "province": province, "rep_name": rep})
        for person, legal, names, province, rep in found
    ]


def _called(legal: str | None, names: Mapping[str, Any]) -> Any:
    if legal is None:
        return None
    return {"en": names.get("latin") or legal, "zh_CN": names.get("zh") or legal}


def _order(session: Session, people: Sequence[int], now: datetime) -> list[tuple[int, Facts]]:
    since = now - timedelta(days=ORDER_DAYS)
    found = session.execute(_ORDER, {"people": list(people), "now": now, "since": since})
    return [
        (
            person,
            {
                "last_order.number": _short(properties.get("order")),
                "last_order.total": _money(properties, "amount_minor"),
                "last_order.day": at.date().isoformat(),
                "last_order.items": readable(properties.get("items")) or None,
            },
        )
        for person, at, properties in found
    ]


def _basket(session: Session, people: Sequence[int], now: datetime) -> list[tuple[int, Facts]]:
    since = now - timedelta(days=BASKET_DAYS)
    found = session.execute(_BASKET, {"people": list(people), "now": now, "since": since})
    return [
        (
            person,
            {
                "basket.items": readable(properties.get("items")) or None,
                "basket.total": _money(properties, "total_minor"),
            },
        )
        for person, _, properties in found
    ]


def _money(properties: Mapping[str, Any], amount: str) -> tuple[Any, Any] | None:
    minor, currency = properties.get(amount), properties.get("currency")
    return (minor, currency) if isinstance(minor, int) and isinstance(currency, str) else None


def _short(value: Any) -> str | None:
    return str(value)[:60] if isinstance(value, str | int) else None


_READ: Mapping[str, Read] = {"person": _person, "seller": _seller, "order": _order, "basket": _basket}
