"""Pretend people's wishes."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from growth.people.permission.records import Preference
from growth.people.records import Suppression
from growth.sandbox.past.wishes import FORMER, wish
from tests.campaigns.sending import add_people
from tests.conftest import NOON


def test_some_want_less_and_a_former_list_is_there(session: Session) -> None:
    add_people(session, 12, NOON, prefix="pretend")
    for _ in range(2):
        wish(session, NOON)
    assert session.scalar(select(func.count()).select_from(Preference)) == 6
    assert session.scalar(select(func.count()).select_from(Suppression)) == FORMER
