"""The pretend outside world and the product together: sent, told, opened, clicked, ordered, each stored once."""

from collections import Counter
from pathlib import Path

from sqlalchemy import Engine, select

from growth.campaigns.records import Delivery
from growth.clock import FixedClock, SystemClock
from growth.database.engine import transaction
from growth.events.records import Event, VisitorIdentity
from growth.sandbox.market.habits import EVERYBODY
from growth.web.app import create_app
from tests.campaigns.sending import Worker, add_campaign, add_people, set_up
from tests.sandbox.listening import until
from tests.sandbox.running import leading_to, sandbox
from tests.web.serving import serving

PEOPLE = 12


def kinds(engine: Engine) -> Counter[str]:
    with transaction(engine) as session:
        return Counter(session.scalars(select(Event.kind)))


def test_a_campaign_comes_back_as_events(engine: Engine, tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    with transaction(engine) as session:
        set_up(session, clock.now())
        add_people(session, PEOPLE, clock.now(), locale="ru", country="RU")
        add_campaign(session, clock.now())
    with (
        serving(create_app(engine=engine, clock=SystemClock())) as url,
        sandbox(tmp_path, product_url=url, market=EVERYBODY) as box,
        leading_to(box, GROWTH_BASE_URL=url),
    ):
        Worker(engine, clock).tick()
        assert len(box.mailbox) == PEOPLE
        until(lambda: kinds(engine)["order"] == kinds(engine)["email_delivered"] == PEOPLE, 30)
        until(lambda: kinds(engine)["email_sent"] == PEOPLE, 30)
    happened = ("email_sent", "email_delivered", "email_open", "email_click", "page_view", "order")
    assert kinds(engine) == dict.fromkeys(happened, PEOPLE)
    with transaction(engine) as session:
        joined = set(session.scalars(select(VisitorIdentity.person_id)))
        clicked = select(Delivery.person_id).where(Delivery.clicked_at.is_not(None), Delivery.opened_at.is_not(None))
        assert set(session.scalars(clicked)) == joined
        assert len(joined) == PEOPLE
