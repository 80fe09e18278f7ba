"""The law as data: which permission is enough where, in Python and in SQL alike."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from growth.people.consent import BASES
from growth.people.permission.jurisdictions import NAMES, WORDING, bases_sql, jurisdiction_of, rule_of, rules

COUNTRIES = sorted({country for rule in rules() for country in rule.countries} | {"JP", "ZZ", "br"})


def test_every_rule_is_whole() -> None:
    assert [rule.code for rule in rules()] == ["default", "eu", "ru", "br", "us", "cn"]
    seen: set[str] = set()
    for rule in rules():
        assert rule.bases <= set(BASES)
        assert "consent" in rule.bases
        assert rule.double_opt_in in {"required", "advised"}
        assert 1 <= rule.confirmation_days <= 30
        assert rule.evidence_years >= 1
        assert rule.unsubscribe_days >= 0
        assert set(rule.wording) <= set(WORDING)
        assert all(len(country) == 2 and country.isupper() for country in rule.countries)
        assert not seen & rule.countries
        seen |= rule.countries
        assert rule.code == "default" or all(law.url.startswith("http") for law in rule.laws)
        assert rule.code in NAMES
        assert rule_of(rule.code) is rule
    assert rule_of("nowhere") is None


def test_elsewhere_is_the_strictest() -> None:
    strictest = rules()[0]
    assert strictest.double_opt_in == "required"
    for rule in rules():
        assert strictest.bases <= rule.bases
        assert set(rule.wording) <= set(strictest.wording)
        assert strictest.confirmation_days <= rule.confirmation_days
        assert strictest.unsubscribe_days <= rule.unsubscribe_days


@given(st.none() | st.text(max_size=4))
def test_whatever_the_country_there_is_a_rule(country: str | None) -> None:
    rule = jurisdiction_of(country)
    assert rule is rules()[0] or (country or "").upper() in rule.countries


@pytest.mark.parametrize(
    ("country", "basis", "enough"),
    [
        ("DE", "contract", True),
        ("DE", "legitimate_interest", False),
        ("GB", "legitimate_interest", False),
        ("RU", "contract", False),
        ("BR", "legitimate_interest", True),
        ("US", "legitimate_interest", True),
        ("CN", "contract", False),
        ("JP", "contract", False),
        (None, "contract", False),
        (None, "consent", True),
        ("US", "withdrawal", False),
        ("US", None, False),
    ],
)
def test_known_cases(session: Session, country: str | None, basis: str | None, enough: bool) -> None:
    assert _in_sql(session, country, basis) is enough


def _in_sql(session: Session, country: str | None, basis: str | None) -> bool:
    condition, values = bases_sql("person", "consent")
    asked = text(f"""
        select {condition} from (select cast(:country as text) as country) person,
            (select cast(:basis as text) as basis) consent
    """)
    return bool(session.execute(asked, values | {"country": country, "basis": basis}).scalar_one())


@given(st.sampled_from(COUNTRIES), st.sampled_from([*BASES, "withdrawal"]))
def test_sql_says_what_the_rule_says(shared_session: Session, country: str, basis: str) -> None:
    expected = basis in jurisdiction_of(country).bases if country.isupper() else basis == "consent"
    assert _in_sql(shared_session, country, basis) is expected


@pytest.fixture(scope="module")
def shared_session(shared_engine: Engine) -> Iterator[Session]:
    """One for all examples: nothing is written."""
    with Session(shared_engine) as made:
        yield made
