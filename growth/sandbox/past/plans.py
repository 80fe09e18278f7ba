"""What the marketers of the demo have planned: audiences, a welcome, an experiment, what goes out by itself."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.audiences.examples import EXAMPLES, save_examples
from growth.campaigns.experiments.declaring import save_experiment
from growth.campaigns.experiments.fields import checked_experiment
from growth.campaigns.planning import create, save, schedule
from growth.campaigns.records import Campaign
from growth.campaigns.sending.rules import rules, save_rules
from growth.people.permission.records import MailingList
from growth.sandbox.past import names

FIRST_CAMPAIGN = "Welcome new buyers"
DIGEST = "New in November"
ACTOR = "sample data"
_WELCOMED = timedelta(days=45)
_WELCOMED_IN = sorted(nation.country for nation in names.BUYERS)
_SUBJECTS = {
    "en": "Small lots, straight from the makers",
    "ru": "Небольшие партии прямо от фабрик",
    "pt_BR": "Pequenos lotes, direto de quem faz",
    "zh_CN": "小批量，厂家直供",
}


def plan_campaigns(session: Session, now: datetime) -> None:
    """All of them; the welcome goes out by itself in a minute."""
    # Whoever tries it sees messages go out, also where it is night.
    awake = {"quiet_from": None, "quiet_until": None}
    seeds = [{"email": "mila@market.example", "locale": "en"}, {"email": "vera@market.example", "locale": "ru"}]
    save_rules(session, awake | {"seeds": seeds}, version=rules(session).version, actor=ACTOR, now=now)
    save_examples(session, actor=ACTOR, now=now)
    _welcome(session, now)
    _digest(session, now)
    _by_itself(session, now)
    _drafts(session, now)


def _welcome(session: Session, now: datetime) -> None:
    recent = narrowed(countries=_WELCOMED_IN, joined_since=now - _WELCOMED)
    made = _planned(session, now, FIRST_CAMPAIGN, "welcome_buyer", audience=recent, holdout_percent=5)
    schedule(session, made.id, at=now + timedelta(minutes=1), version=made.version, actor=ACTOR, now=now)


def _digest(session: Session, now: datetime) -> None:
    """To a topic, with two subjects and a hold-out, a few minutes after the welcome."""
    topic = session.scalar(select(MailingList.id).where(MailingList.key == "product_news"))
    older = {"all": [narrowed(countries=_WELCOMED_IN), {"field": "joined", "op": "not_within", "value": 60}]}
    made = _planned(
        session, now, DIGEST, "product_digest", audience=older, holdout_percent=10, list_id=topic, per_hour=20_000
    )
    wanted = {
        "arms": [{"share": 5_000, "changes": {}}, {"share": 5_000, "changes": {"subjects": _SUBJECTS}}],
        "outcome": "click",
        "horizon_days": 3,
        "rule": "sequential",
        "test_percent": 100,
        "smallest_effect": 200,
        "base_rate": 1_200,
    }
    declared = checked_experiment(session, made, wanted)
    save_experiment(session, made.id, declared, version=made.version, now=now)
    schedule(session, made.id, at=now + timedelta(minutes=6), version=made.version, actor=ACTOR, now=now)


def _by_itself(session: Session, now: datetime) -> None:
    """One after each order, and one every week."""
    trigger = {"event": "order", "delay_minutes": 2, "again_after_days": 14}
    after = _planned(
        session, now, "After an order", "order_follow_up", kind="triggered", trigger=trigger, holdout_percent=10
    )
    schedule(session, after.id, at=None, version=after.version, actor=ACTOR, now=now)
    weekly = {"every": "week", "day": "thu", "at": "10:00", "zone": "Europe/Moscow", "until": None}
    back = _planned(
        session,
        now,
        "Come back",
        "win_back",
        audience=EXAMPLES["To be won back"],
        kind="recurring",
        recurrence=weekly,
        timing={"mode": "usual_hour"},
    )
    schedule(session, back.id, at=now, version=back.version, actor=ACTOR, now=now)


def _drafts(session: Session, now: datetime) -> None:
    brazil = narrowed(locales=["pt_BR"], countries=["BR"])
    _planned(session, now, "Welcome buyers in Brazil", "welcome_buyer", audience=brazil, holdout_percent=10)
    members = {"all": [{"field": "side", "op": "in", "value": ["seller"]}]}
    _planned(session, now, "Members who have no shop yet", "seller_invitation_member", side="seller", audience=members)


def _planned(
    session: Session, now: datetime, name: str, message: str, *, side: str = "buyer", **fields: Any
) -> Campaign:
    made = create(session, name=name, side=side, message=message, actor=ACTOR, now=now)
    return save(session, made.id, fields, version=made.version, now=now)
