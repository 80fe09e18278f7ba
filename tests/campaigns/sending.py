"""People, campaigns and a worker for tests of sending."""

import threading
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.records import Campaign
from growth.campaigns.sending.records import SendingRules
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.keyring import keyring
from growth.scheduling.doing import do, take_up
from growth.scheduling.firing import fire
from growth.scheduling.queue import Kind


def set_up(session: Session, now: datetime) -> None:
    """An organisation with a sender."""
    session.add(
        Workspace(
            name="Makers",
            time_zone="Asia/Shanghai",
            currency="USD",
            sender_name="Makers' market",
            sender_email="hello@makers.example",
            postal_address="12 Harbour Road\nHangzhou",
            set_up_at=now,
        )
    )
    session.flush()
    without_rules(session)


def without_rules(session: Session) -> None:
    """Neither quiet hours nor limits, unless rules were set before."""
    session.execute(insert(SendingRules).values(id=1).on_conflict_do_nothing())


def add_people(
    session: Session,
    number: int,
    now: datetime,
    *,
    locale: str | None = "en",
    country: str | None = "US",
    granted: bool | None = True,
    prefix: str = "p",
    name: str | None = None,
    receiver: str | None = None,
    zone: str | None = None,
) -> list[int]:
    """People with an e-mail address `<prefix><n>@example.com` and, unless None, a fact about their permission."""
    without_rules(session)
    addresses = [f"{prefix}{one}@example.com" for one in range(number)]
    keys = keyring()
    people: list[int] = list(
        session.scalars(
            text("""
                insert into person (locale, country, time_zone, name_sealed, created_at)
                select :locale, :country, :zone, :name, :now from generate_series(1, :number) returning id
            """),
            {
                "locale": locale,
                "country": country,
                "zone": zone,
                "name": keys.seal(name) if name else None,
                "now": now,
                "number": number,
            },
        )
    )
    session.execute(
        text("""
            insert into identity (kind, hash, sealed, person_id, receiver, created_at)
            select 'email', hash, sealed, person, :receiver, :now
            from unnest(cast(:hashes as bytea[]), cast(:sealed as bytea[]), cast(:people as bigint[]))
                as given (hash, sealed, person)
        """),
        {
            "hashes": [keys.keyed_hash("email", address) for address in addresses],
            "sealed": [keys.seal(address) for address in addresses],
            "people": people,
            "receiver": receiver,
            "now": now,
        },
    )
    if granted is not None:
        session.execute(
            text("""
                insert into consent (person_id, purpose, channel, granted, at)
                select unnest(cast(:people as bigint[])), 'marketing', 'email', :granted, :now
            """),
            {"people": people, "granted": granted, "now": now},
        )
    return people


def add_campaign(session: Session, now: datetime, **more: Any) -> Campaign:
    """A campaign of everybody, scheduled for now."""
    values: dict[str, Any] = {
        "name": f"Welcome {more.get('message', '')} {now.timestamp()}",
        "side": "buyer",
        "purpose": "marketing",
        "message": "welcome_buyer",
        "audience": {},
        "holdout_percent": 0,
        "state": "scheduled",
        "scheduled_at": now,
        "created_by": "test",
        "created_at": now,
    }
    campaign = Campaign(**values | more)
    session.add(campaign)
    session.flush()
    return campaign


class Worker:
    """Does what is queued up to now, as a worker would; `tick` is the schedulers' minute."""

    def __init__(self, engine: Engine, clock: FixedClock) -> None:
        self.engine = engine
        self.clock = clock

    def tick(self, *jobs: str) -> None:
        """Fire `send_campaigns`, or these jobs, and do all that follows."""
        for job in jobs or ("send_campaigns",):
            with transaction(self.engine) as session:
                fire(session, job, due_at=self.clock.now(), fired_by="test")
            self.work()

    def work(self) -> None:
        """Until nothing is due."""
        while (task := self._next()) is not None:
            kind: Kind = "run" if task["name"] == "run_job" else "chunk"
            claim = take_up(self.engine, self.clock.now(), kind, task["wanted"], task["id"])
            if claim is not None:
                do(self.engine, self.clock, claim, threading.Event())

    def _next(self) -> RowMapping | None:
        with transaction(self.engine) as session:
            found = session.execute(
                text("""
                    update procrastinate_jobs set status = 'doing'
                    where id = (
                        select id from procrastinate_jobs
                        where status = 'todo' and (scheduled_at is null or scheduled_at <= :now)
                        order by priority desc, id limit 1)
                    returning id, task_name as name, (args->>'id')::bigint as wanted
                """),
                {"now": self.clock.now()},
            )
            return found.mappings().one_or_none()
