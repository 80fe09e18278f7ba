"""Campaigns inside channels: credit finds its campaign by the message or the tag, costs by theirs."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, text

from growth.campaigns.records import Campaign, CampaignRun, Delivery
from growth.database.changed_days import mark_changed
from growth.database.engine import transaction
from growth.measurement.by_campaign.counting import count_campaigns
from growth.measurement.by_campaign.reading import Inside, inside
from growth.measurement.figures import Figures
from growth.measurement.periods import Period
from growth.measurement.rolling_up import roll_up
from growth.spend.ledger import NewCost, record_cost
from tests.attribution.happened import credit_all, found, happen, people, sold
from tests.conftest import NOON
from tests.events.happenings import happening

DAY = timedelta(days=1)
WHOLE = 1_000_000
PERIOD = Period(NOON.date() - 6 * DAY, NOON.date())
TAGGED = {"url": "https://market.example/?utm_medium=cpc&utm_campaign=Spring%20sale+%D0%B2%D0%B5%D1%81%D0%BD%D0%B0#top"}


@pytest.fixture(autouse=True)
def workspace(engine: Engine) -> None:
    found(engine, NOON)


def count_all(engine: Engine) -> int:
    credit_all(engine, NOON)
    with transaction(engine) as session:
        roll_up(session, NOON, None, 100)
    with transaction(engine) as session:
        return count_campaigns(session, NOON, None, 100).done


def found_inside(engine: Engine, channel: str) -> list[Inside]:
    with transaction(engine) as session:
        return inside(session, "buyer", channel, PERIOD)[0]


def test_a_tag_and_a_cost_of_one_name_are_one_campaign(engine: Engine) -> None:
    (buyer,) = people(engine, NOON, 1)
    happen(
        engine, NOON,
        happening("1", NOON - 2 * DAY, properties=TAGGED, person_id=buyer),
        happening("2", NOON - DAY, kind="registration", person_id=buyer),
        happening("3", NOON, kind="order", person_id=buyer, properties=sold("1", 990)),
        happening("4", NOON, kind="refund", properties={"order": "1", "amount_minor": 90, "currency": "USD"}),
    )  # fmt: skip
    with transaction(engine) as session:
        line = NewCost(source="t", source_key="a", day=NOON.date(), side="buyer", channel="paid_search",
                       campaign="Spring sale весна", amount_minor=250, currency="USD")  # fmt: skip
        record_cost(session, line, NOON)
    assert count_all(engine) == 3
    figures = Figures(acquired=WHOLE, orders=WHOLE, value_minor=900, cost_minor=250)
    assert found_inside(engine, "paid_search") == [Inside("Spring sale весна", figures)]
    assert found_inside(engine, "seo") == []
    assert count_all(engine) == 0


def campaign(engine: Engine, name: str, sent: int) -> int:
    """A campaign that sent to somebody; gives a delivery of it."""
    with transaction(engine) as session:
        made = Campaign(name=name, side="buyer", purpose="marketing", message="welcome_buyer", audience={},
                        state="sent", created_by="t", created_at=NOON)  # fmt: skip
        session.add(made)
        session.flush()
        run = CampaignRun(campaign_id=made.id, due_at=NOON - 3 * DAY, state="sent")
        session.add(run)
        session.flush()
        rows = [{"campaign_run_id": run.id, "person_id": one, "state": "delivered", "due_at": NOON, "locale": "en",
                 "accepted_at": NOON - 3 * DAY} for one in people(engine, NOON, sent)]  # fmt: skip
        return session.scalars(insert(Delivery).returning(Delivery.id), rows).all()[0]


def test_a_message_leads_to_its_campaign_and_others_that_sent_are_there_too(engine: Engine) -> None:
    delivery = campaign(engine, "Weekly", 3)
    campaign(engine, "Quiet", 2)
    (buyer,) = people(engine, NOON, 1)
    happen(
        engine, NOON,
        happening("1", NOON - 2 * DAY, kind="email_click", delivery_id=delivery, person_id=buyer),
        happening("2", NOON - DAY, kind="registration", person_id=buyer),
    )  # fmt: skip
    count_all(engine)
    first, second = found_inside(engine, "email")
    assert (first.name, first.sent, first.figures.acquired) == ("Weekly", 3, WHOLE)
    assert (second.name, second.sent, second.figures) == ("Quiet", 2, Figures())


def test_events_are_found_by_their_key(engine: Engine) -> None:
    from growth.measurement.by_campaign import counting

    given = {"days": [NOON.date()], "sides": ["buyer"], "starts": [NOON - DAY], "ends": [NOON]}
    with transaction(engine) as session:
        session.execute(text("set local enable_seqscan = off"))
        explained = session.execute(text(f"explain {counting._CREDITS.text}"), given).scalars().all()
    plan = "\n".join(explained)
    assert "ix_conversion_occurred_at" in plan
    assert "Seq Scan on event" not in plan


def test_a_day_without_anything_left_has_no_rows(engine: Engine) -> None:
    with transaction(engine) as session:
        line = NewCost(source="t", source_key="a", day=NOON.date(), side="buyer", channel="seo", campaign="x",
                       amount_minor=250, currency="USD")  # fmt: skip
        record_cost(session, line, NOON)
    count_all(engine)
    assert [one.name for one in found_inside(engine, "seo")] == ["x"]
    with transaction(engine) as session:
        session.execute(text("delete from cost"))
        mark_changed(session, [(NOON.date(), "buyer")])
    count_all(engine)
    assert found_inside(engine, "seo") == []
