"""Campaigns with an experiment for tests: people who got it, and what they did."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.experiments.declaring import save_experiment
from growth.campaigns.experiments.fields import checked_experiment
from growth.campaigns.records import Campaign, CampaignRun
from tests.campaigns.planned import NOW, make

DAY = timedelta(days=1)

TWO: dict[str, Any] = {
    "arms": [{"share": 5_000, "changes": {}}, {"share": 5_000, "changes": {"subjects": {"en": "New bags"}}}],
    "outcome": "click",
    "horizon_days": 3,
    "rule": "fixed",
    "test_percent": 100,
    "smallest_effect": 100,
    "base_rate": 500,
}


def compared(session: Session, **changes: Any) -> Campaign:
    """A campaign that is being sent, with an experiment of two subjects."""
    wanted = TWO | {field: value for field, value in changes.items() if field in TWO}
    campaign = make(session, **{field: value for field, value in changes.items() if field not in TWO})
    declared = checked_experiment(session, campaign, wanted)
    save_experiment(session, campaign.id, declared, version=campaign.version, now=NOW)
    campaign.state = "sending"
    session.flush()
    return campaign


def run_of(session: Session, campaign: Campaign, due_at: datetime = NOW, **columns: Any) -> CampaignRun:
    """A run whose people are chosen."""
    run = CampaignRun(campaign_id=campaign.id, due_at=due_at, state="sending", selected_at=due_at, **columns)
    session.add(run)
    session.flush()
    return run


def add_messages(
    session: Session,
    run: CampaignRun,
    arm: str | None,
    people: int,
    clicked: int = 0,
    *,
    state: str = "delivered",
    sent_at: datetime = NOW,
    waiting: bool = False,
) -> list[int]:
    """Messages to new people, the first of whom clicked an hour after it was sent; gives the people."""
    found: list[int] = list(
        session.scalars(
            text("insert into person (locale, country, created_at) select 'en', 'US', :now from generate_series(1, :n)"
                 " returning id"),
            {"now": NOW, "n": people},
        )
    )  # fmt: skip
    session.execute(
        text("""
            insert into delivery
                (campaign_run_id, person_id, locale, arm, state, accepted_at, claimed_at, clicked_at, due_at)
            select :run, person, 'en', :arm, :state, sent, sent,
                case when place <= :clicked then sent + interval '1 hour' end,
                case when :waiting then cast('infinity' as timestamptz) end
            from unnest(cast(:people as bigint[])) with ordinality as given (person, place)
            cross join (select case when :state = 'planned' then null else cast(:sent_at as timestamptz) end as sent) s
        """),
        {"run": run.id, "arm": arm, "state": state, "clicked": clicked, "people": found, "sent_at": sent_at,
         "waiting": waiting},
    )  # fmt: skip
    return found


def hold_out(
    session: Session, run: CampaignRun, people: int, reason: str = "holdout", taken_out_at: datetime | None = None
) -> list[int]:
    """New people who get nothing, to see what it causes, or for another reason; `taken_out_at` if once planned."""
    found: list[int] = list(
        session.scalars(
            text("insert into person (locale, country, created_at) select 'en', 'US', :now from generate_series(1, :n)"
                 " returning id"),
            {"now": NOW, "n": people},
        )
    )  # fmt: skip
    session.execute(
        text("insert into exclusion (campaign_run_id, person_id, reason, taken_out_at)"
             " select :run, unnest(cast(:p as bigint[])), :reason, :at"),
        {"run": run.id, "p": found, "reason": reason, "at": taken_out_at},
    )  # fmt: skip
    return found


def ordered(session: Session, people: list[int], at: datetime, minor: int = 1_000, **columns: Any) -> None:
    """Each of them ordered once."""
    values = {"kind": "order", "side": "buyer", "currency": "USD", "key": f"{at.isoformat()} {minor}"} | columns
    session.execute(
        text("""
            insert into conversion (kind, source_key, side, occurred_at, person_id, value_minor, currency)
            select :kind, :key || ' ' || person, :side, :at, person, :minor, :currency
            from unnest(cast(:people as bigint[])) person
        """),
        values | {"people": people, "at": at, "minor": minor},
    )
