"""Events committed and credited, for tests."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.attribution.crediting import credit
from growth.attribution.records import Conversion, Credit
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.events.ingest import NewEvent, ingest
from growth.people.records import Person

GOOGLE = {"url": "https://market.example/", "referrer": "https://www.google.com/"}
PAID = {"url": "https://market.example/?utm_medium=cpc"}
PARTNER = {"url": "https://market.example/?aff=p7"}


def found(engine: Engine, now: datetime, *, zone: str = "Asia/Shanghai", currency: str = "USD") -> None:
    """A workspace that counts days in `zone`."""
    with transaction(engine) as session:
        session.add(
            Workspace(
                name="Makers", time_zone=zone, currency=currency, sender_name="M", sender_email="m@e.example",
                set_up_at=now,
            )
        )  # fmt: skip


def people(engine: Engine, now: datetime, count: int, country: str | None = None) -> list[int]:
    """Ids of new people."""
    with transaction(engine) as session:
        made = [Person(created_at=now, country=country) for _ in range(count)]
        session.add_all(made)
        session.flush()
        return [person.id for person in made]


def happen(engine: Engine, now: datetime, *events: NewEvent) -> None:
    """Store events, in a transaction of their own."""
    with transaction(engine) as session:
        ingest(session, events, now)


def credit_all(engine: Engine, now: datetime, size: int = 100) -> int:
    """Credit until nothing is new, as the job does; gives how many events were read."""
    read = 0
    while True:
        with transaction(engine) as session:
            step = credit(session, now, None, size)
        read += step.done
        if step.next is None:
            return read


def credits_of(session: Session) -> list[tuple[str, str, str, int, int]]:
    """Kind, source key, channel, share and value of every credit, in order."""
    columns = (Conversion.kind, Conversion.source_key, Credit.channel, Credit.share, Credit.value_minor)
    return list(session.execute(select(*columns).join(Credit).order_by(*columns)))


def credited(engine: Engine) -> dict[str, tuple[str, str, int]]:
    """Kind, channel and value by source key; fails when a share isn't whole."""
    with transaction(engine) as session:
        rows = credits_of(session)
    assert all(share == 1_000_000 for *_, share, _ in rows)
    assert len({key for _, key, *_ in rows}) == len(rows)
    return {key: (kind, channel, value) for kind, key, channel, _, value in rows}


def sold(order: str, cents: int, **more: Any) -> dict[str, Any]:
    """Properties of an order."""
    return {"order": order, "amount_minor": cents, "currency": "USD"} | more
