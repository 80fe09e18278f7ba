"""What follows an acquisition or a first order within 60 days, and whose figures change when it does."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

WITHIN = timedelta(days=60)

ACQUIRING = "case conversion.side when 'seller' then 'shop_open' else 'registration' end"
"""In SQL, the kind by which somebody is acquired on the side of a `conversion`."""
_LATER = f"""
    later.side = conversion.side
        and later.kind = case conversion.kind when 'first_order' then 'order' else 'first_order' end
        and later.occurred_at >= conversion.occurred_at
        and later.occurred_at < conversion.occurred_at + interval '{WITHIN.days * 24} hours'
"""
FOLLOWED = f"""(
    exists (select from conversion as later where later.person_id = conversion.person_id and {_LATER})
    or conversion.person_id is null and exists (
        select from conversion as later
        where later.visitor = conversion.visitor and later.person_id is null and {_LATER})
)"""  # noqa: S608 - constants of ours
"""In SQL: whether who was acquired by a `conversion` ordered within 60 days, or ordered again after a first order."""

_BEFORE = f"""
    earlier.side = changed.side and earlier.kind in ('registration', 'shop_open', 'first_order')
        and earlier.occurred_at > changed.occurred_at - interval '{WITHIN.days * 24} hours'
"""
_FOLLOWED_BY = text(f"""
    select distinct earlier.occurred_at, earlier.side
    from conversion as changed cross join lateral (
        select occurred_at, side from conversion as earlier
        where earlier.person_id = changed.person_id and {_BEFORE}
        union all
        select occurred_at, side from conversion as earlier
        where changed.person_id is null and earlier.person_id is null and earlier.visitor = changed.visitor
            and {_BEFORE}
    ) as earlier
    where changed.id = any(cast(:changed as bigint[])) and changed.kind in ('order', 'first_order')
""")  # noqa: S608 - likewise


def followed_by(session: Session, orders: Collection[int]) -> set[tuple[datetime, str]]:
    """Moments and sides of what these orders follow: acquisitions and first orders of the same people.

    Later ones are among them too, since an order that turns out to have been earlier takes their place.
    """
    if not orders:
        return set()
    found = session.execute(_FOLLOWED_BY, {"changed": list(orders)})
    return {(at, side) for at, side in found}
