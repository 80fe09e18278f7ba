"""The mark that some countries want in front of an advertisement's subject."""

import pytest
from sqlalchemy.orm import Session

from growth.campaigns.checks.looking import slow_checks_of
from growth.campaigns.checks.marks import KEY, is_marked
from growth.people.consent import record_consent
from growth.people.identity import Known, ensure_person
from tests.campaigns.checks.test_looking import set_up
from tests.campaigns.planned import make
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("subject", "marked"),
    [
        ("AD: new lamps", True),
        ("[AD] new lamps", True),
        ("（广告）新灯", True),
        ("广告新灯", True),
        ("AD", True),
        ("ADIDAS shoes", False),
        ("Advice for shops", False),
        ("New lamps (AD)", False),
        ("", False),
    ],
)
def test_what_is_marked(subject: str, marked: bool) -> None:
    assert is_marked(subject, ("广告", "AD")) is marked


@pytest.mark.parametrize(("country", "warned"), [("CN", True), ("US", False)])
def test_it_is_missed_only_where_somebody_lives_under_that_law(session: Session, country: str, warned: bool) -> None:
    set_up(session)
    person = ensure_person(session, Known(email="one@example.com", locale="zh_CN", country=country), NOON)
    record_consent(
        session,
        person,
        purpose="marketing",
        channel="email",
        granted=True,
        basis="consent",
        jurisdiction="cn",
        source="form",
        wording="Yes",
        evidence={},
        at=NOON,
        now=NOON,
    )
    found = [one for one in slow_checks_of(session, make(session), NOON) if one.key == KEY]
    assert bool(found) is warned
    assert all("CN" in one.sentence % one.values for one in found)
