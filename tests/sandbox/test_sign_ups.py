"""The demo's lists and forms."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.clock import FixedClock
from growth.people.permission import forms, lists
from growth.people.permission.records import Confirmation, ListMember
from growth.sandbox.past.sign_ups import sign_up
from tests.campaigns.sending import add_people


def test_lists_fill_and_a_second_time_changes_nothing(session: Session, clock: FixedClock) -> None:
    now = clock.now()
    buyers, sellers = add_people(session, 300, now), add_people(session, 20, now, prefix="s", locale="zh_CN")
    for _ in range(2):
        sign_up(session, buyers, sellers, "Makers", now)
    made = lists.all_lists(session)
    assert [one.key for one in made] == ["product_news", "offers", "seller_letter"]
    counts = lists.counts(session, [one.id for one in made])
    assert 180 < counts[made[0].id].people < 270
    assert counts[made[2].id].people > 5
    every = forms.all_forms(session)
    funnels = forms.funnels(session, [one.id for one in every], now)
    assert all(one.confirmed > one.expired >= 0 and one.asked for one in funnels.values())
    members = session.scalar(select(func.count()).select_from(ListMember))
    assert members
    assert session.scalar(select(func.count()).select_from(Confirmation))
