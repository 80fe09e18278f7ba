"""A small made population in the database, and the same conditions worked out in plain Python."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.audiences.records import Audience
from growth.campaigns.audiences.saving import create
from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.events.ingest import NewEvent, ingest
from growth.leads.records import Lead
from growth.people.permission.records import ListMember, MailingList
from growth.people.records import Consent, Organisation, Person, Suppression
from tests.conftest import NOON

NOW = NOON
KINDS = ("order", "page_view", "registration")
STAGES = ("contacted", "qualified", "lost")


@dataclass
class Made:
    """A person as they were made."""

    id: int = 0
    locale: str | None = None
    country: str | None = None
    zone: str | None = None
    joined: datetime = NOW
    bases: set[str] = field(default_factory=set)
    lists: dict[str, str] = field(default_factory=dict)
    suppressed: bool = False
    events: list[tuple[str, datetime]] = field(default_factory=list)
    custom: list[tuple[str, datetime]] = field(default_factory=list)
    paid: list[tuple[str, int, str, datetime]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    stage: str | None = None
    side: str | None = None
    score: float | None = None
    kind: str | None = None
    province: str | None = None


@dataclass
class World:
    """Everybody, two campaigns, two lists and a saved audience of the people of Russia."""

    people: list[Made]
    campaigns: list[int]
    saved: int


def populate(session: Session, number: int = 50) -> World:
    """Make them; nothing is committed."""
    dice = random.Random(5)
    campaigns, runs = zip(*(_campaign(session, name) for name in "ab"), strict=True)
    keys = {key: _list(session, key, side) for key, side in (("news", "buyer"), ("shops", "seller"))}
    people = [_person(session, dice) for _ in range(number)]
    session.flush()
    for one in people:
        _permissions(session, dice, one, keys)
        _behaviour(session, dice, one)
        _messages(session, dice, one, dict(zip(campaigns, runs, strict=True)))
        _lead(session, dice, one)
    session.flush()
    russia = {"all": [{"field": "country", "op": "in", "value": ["RU"]}]}
    saved: Audience = create(session, name="Russia", conditions=russia, actor="test", now=NOW)
    return World(people, list(campaigns), saved.id)


def _campaign(session: Session, name: str) -> tuple[int, int]:
    campaign = Campaign(
        name=f"Population {name}",
        side="buyer",
        purpose="marketing",
        message="welcome_buyer",
        audience={"all": []},
        state="sent",
        created_by="test",
        created_at=NOW,
    )
    session.add(campaign)
    session.flush()
    run = CampaignRun(campaign_id=campaign.id, due_at=NOW, state="sent")
    session.add(run)
    session.flush()
    return campaign.id, run.id


def _list(session: Session, key: str, side: str) -> int:
    made = MailingList(key=key, side=side, purpose="marketing", names={"en": key}, created_by="test", created_at=NOW)
    session.add(made)
    session.flush()
    return made.id


def _person(session: Session, dice: random.Random) -> Made:
    made = Made(
        locale=dice.choice([None, "ru", "ru-RU", "pt", "pt-BR", "EN_us", "fr"]),
        country=dice.choice([None, "RU", "BR", "US"]),
        zone=dice.choice([None, "Europe/Moscow", "America/Sao_Paulo"]),
        joined=NOW - timedelta(days=dice.choice([0, 5, 30, 31, 400])),
    )
    row = Person(locale=made.locale, country=made.country, time_zone=made.zone, created_at=made.joined)
    session.add(row)
    session.flush()
    made.id = row.id
    return made


def _permissions(session: Session, dice: random.Random, one: Made, keys: Mapping[str, int]) -> None:
    if (said := dice.choice([None, ("consent", True), ("contract", True), ("consent", False)])) is not None:
        basis, granted = said
        session.add(
            Consent(person_id=one.id, purpose="marketing", channel="email", granted=granted, basis=basis, at=NOW)
        )
        one.bases = {basis} if granted else set()
    for key, number in keys.items():
        if (state := dice.choice([None, "subscribed", "left"])) is not None:
            session.add(ListMember(list_id=number, person_id=one.id, state=state, source="test", at=NOW))
            one.lists[key] = state
    digest = uuid.uuid4().bytes
    session.execute(
        text("insert into identity (kind, hash, person_id, created_at) values ('email', :hash, :person, :now)"),
        {"hash": digest, "person": one.id, "now": NOW},
    )
    if dice.random() < 0.3:
        one.suppressed = True
        session.add(Suppression(channel="email", hash=digest, scope="all", reason="hard_bounce", source="test", at=NOW))


def _behaviour(session: Session, dice: random.Random, one: Made) -> None:
    one.events = [
        (dice.choice(KINDS), NOW - timedelta(days=dice.choice([1, 10, 40, 80])))
        for _ in range(dice.choice([0, 0, 1, 2, 4]))
    ]
    one.custom = [
        (dice.choice(["basket", "wish"]), NOW - timedelta(days=dice.choice([1, 40])))
        for _ in range(dice.choice([0, 1, 3]))
    ]
    ingest(
        session,
        [
            NewEvent(occurred_at=at, event_id=uuid.uuid4(), kind=kind, source="test", side="buyer", person_id=one.id)
            for kind, at in one.events
        ]
        + [_custom(one, name, at) for name, at in one.custom],
        now=NOW,
    )
    for number in range(dice.choice([0, 0, 1, 3])):
        kind, minor = dice.choice([("order", 5_000), ("first_order", 12_000), ("refund", -2_000)])
        paid = (kind, minor, dice.choice(["USD", "USD", "BRL"]), NOW - timedelta(days=dice.choice([2, 20, 200])))
        session.execute(
            text("""
                insert into conversion (kind, source_key, side, occurred_at, person_id, value_minor, currency)
                values (:kind, :key, 'buyer', :at, :person, :minor, :currency)
            """),
            {"kind": kind, "key": f"made-{one.id}-{number}", "at": paid[3], "person": one.id, "minor": minor}
            | {"currency": paid[2]},
        )
        one.paid.append(paid)


def _custom(one: Made, name: str, at: datetime) -> NewEvent:
    return NewEvent(
        occurred_at=at,
        event_id=uuid.uuid4(),
        kind="custom",
        source="test",
        side="buyer",
        person_id=one.id,
        properties={"name": name},
    )


def _messages(session: Session, dice: random.Random, one: Made, runs: Mapping[int, int]) -> None:
    for campaign, run in runs.items():
        if dice.random() < 0.3:
            continue
        sent = NOW - timedelta(days=dice.choice([1, 15, 60])) if dice.random() < 0.8 else None
        delivered = sent if dice.random() < 0.8 else None
        opened = sent + timedelta(hours=1) if sent and delivered and dice.random() < 0.5 else None
        clicked = opened if dice.random() < 0.5 else None
        message = {"accepted_at": sent, "delivered_at": delivered, "opened_at": opened, "clicked_at": clicked}
        session.add(Delivery(campaign_run_id=run, person_id=one.id, locale="en", state="accepted", **message))
        session.flush()
        one.messages.append(message | {"campaign": campaign})


def _lead(session: Session, dice: random.Random, one: Made) -> None:
    if dice.random() < 0.5:
        return
    one.stage, one.side = dice.choice(STAGES), dice.choice(["buyer", "seller"])
    one.kind, one.province = dice.choice([None, "trading", "soho"]), dice.choice([None, "浙江", "Guangdong"])
    company = Organisation(legal_name="Made", kind=one.kind, province=one.province, created_at=NOW)
    session.add(company)
    session.flush()
    lead = Lead(
        side=one.side,
        source="made",
        source_key=str(one.id),
        organisation_id=company.id,
        person_id=one.id,
        name="Made",
        channel="import",
        stage=one.stage,
        contacted_at=NOW,
        created_at=NOW,
    )
    session.add(lead)
    session.flush()
    if dice.random() < 0.6:
        one.score = dice.choice([0.05, 0.3, 0.8])
        _score(session, lead, one.score)


def _score(session: Session, lead: Lead, probability: float) -> None:
    session.execute(
        text("""
            insert into model (target, kind, state, trained_at, rows, positives, measures, card, fingerprint, artifact)
            select 'made', 'base_rate', 'retired', :now, 0, 0, '{}', '{}', '', ''
            where not exists (select from model where target = 'made')
        """),
        {"now": NOW},
    )
    session.execute(
        text("""
            insert into lead_rank (lead_id, side, model_id, as_of, probability, low, high, average, reasons)
            select :lead, :side, id, :now, :probability, 0, 1, 0, '[]' from model where target = 'made'
        """),
        {"lead": lead.id, "side": lead.side, "now": NOW, "probability": probability},
    )
