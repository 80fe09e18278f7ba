"""The demo's sample data: made once, the same again, whole after a kill."""

from sqlalchemy import Engine, func, select

from growth.attribution.records import Conversion, Credit, Touch
from growth.campaigns.records import Campaign
from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.events.records import Event
from growth.leads.records import Lead
from growth.measurement.records import ChannelDay
from growth.people.accounts import Role
from growth.people.passwords import matches
from growth.people.records import Consent, Person
from growth.people.staff import find_account
from growth.sandbox import demo
from growth.spend.records import Cost

TABLES = (Person, Consent, Event, Touch, Conversion, Credit, Cost, Lead, ChannelDay, Campaign)


def sizes(engine: Engine) -> dict[str, int]:
    with transaction(engine) as session:
        return {one.__tablename__: session.scalar(select(func.count()).select_from(one)) or 0 for one in TABLES}


def test_the_demo_is_whole_and_made_once(engine: Engine, clock: FixedClock) -> None:
    sign_ins = demo.seed(engine, clock)
    assert [one.role for one in sign_ins] == [role.value for role in Role]
    with transaction(engine) as session:
        for one in sign_ins:
            assert matches(find_account(session, one.email), one.password)
        shares = select(func.sum(Credit.share)).group_by(Credit.conversion_id)
        assert set(session.scalars(shares)) == {1_000_000}
    made = sizes(engine)
    assert min(made.values()) > 0
    assert demo.seed(engine, clock) == sign_ins
    assert sizes(engine) == made
