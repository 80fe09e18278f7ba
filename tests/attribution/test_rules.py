"""Channel rules: conditions that must all hold, and what can't be asked."""

from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.attribution.conditions import ASKED, condition_of
from growth.attribution.records import ChannelRules
from growth.attribution.rules import DEFAULT, rules_of
from growth.errors import InvalidError
from tests.conftest import NOON

AD = {"url": "https://market.example/bags?utm_medium=cpc&utm_campaign=Brazil-Bags&gclid=x",
      "referrer": "https://www.google.com.br/search"}  # fmt: skip


def asked(field: str, operator: str, *values: str) -> dict[str, Any]:
    return {"field": field, "operator": operator, "values": list(values)}


def rule(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"name": "R", "conditions": list(conditions), "buyer": "seo", "seller": "online"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (asked("event", "is", "page_view"), True),
        (asked("event", "is", "call"), False),
        (asked("tag", "present", "gclid", "yclid"), True),
        (asked("tag", "present", "yclid"), False),
        (asked("tag", "is", "gclid=x"), True),
        (asked("tag", "begins", "utm_campaign=Brazil"), True),
        (asked("medium", "is", "CPC", "ppc"), True),
        (asked("medium", "present"), True),
        (asked("source", "present"), False),
        (asked("campaign", "begins", "brazil-"), True),
        (asked("campaign", "contains", "bags"), True),
        (asked("campaign", "contains", "shoes"), False),
        (asked("landing", "begins", "/bag"), True),
        (asked("landing", "is", "/bag"), False),
        (asked("referrer", "site", "google"), True),
        (asked("referrer", "site", "google.com.br"), True),
        (asked("referrer", "site", "oogle.com.br"), False),
        (asked("referrer", "is", "google.com.br/search"), True),
        (asked("referrer", "contains", "/search"), True),
        (asked("referrer", "present"), True),
    ],
)
def test_each_comparison(condition: dict[str, Any], holds: bool) -> None:
    found = rules_of(2, [rule(condition)]).classify("page_view", "buyer", AD)
    assert (found is not None) == holds


def test_all_conditions_of_a_rule_must_hold_and_the_next_rule_gets_its_turn() -> None:
    both = rule(asked("medium", "is", "cpc"), asked("campaign", "begins", "brazil"))
    rules = rules_of(2, [both, rule(asked("medium", "is", "cpc")) | {"buyer": "other"}])
    for campaign, channel in (("Brazil-Bags", "seo"), ("Russia", "other")):
        found = rules.classify("page_view", "buyer", {"utm_medium": "cpc", "utm_campaign": campaign})
        assert found is not None
        assert found.channel == channel


def test_a_page_of_our_own_came_from_no_site() -> None:
    inside = {"url": "https://market.example/b", "referrer": "https://www.market.example/a"}
    for operator in ("present", "begins", "site"):
        rules = rules_of(2, [rule(asked("referrer", operator, "market.example"))])
        assert rules.classify("page_view", "buyer", inside) is None


@pytest.mark.parametrize(
    ("kept", "field"),
    [
        (rule(asked("moon", "is", "x")), "field_0_0"),
        (rule(asked("medium", "is", "x"), asked("event", "begins", "page")), "operator_0_1"),
        (rule(asked("medium", "is", " ")), "values_0_0"),
        (rule(asked("tag", "is", "gclid")), "values_0_0"),
        (rule(), "field_0_0"),
        (rule(*[asked("medium", "present")] * 6), "field_0_0"),
        (rule(asked("medium", "present")) | {"seller": "seo"}, "seller_0"),
    ],
)
def test_what_can_t_be_is_refused_with_its_place(kept: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        rules_of(2, [kept])
    assert refused.value.field == field


def test_rules_come_back_as_they_were_kept() -> None:
    kept = [rule(asked("tag", "is", "aff=p7"), asked("referrer", "present", "ignored"))]
    rules = rules_of(2, kept)
    assert rules_of(2, rules.as_data) == rules
    assert rules_of(1, DEFAULT.as_data) == DEFAULT
    for field, operators in ASKED.items():
        for operator in operators:
            values = ["page_view"] if field == "event" else ["a=b"]
            assert condition_of(asked(field, operator, *values)).operator == operator


def test_rules_kept_before_there_were_conditions_mean_the_same(session: Session) -> None:
    migration = import_module("growth.database.migrations.versions.0018_rules_and_anomalies")
    old = [
        {"name": "A", "field": "tag", "values": ["aff"], "buyer": "affiliates", "seller": "online"},
        {"name": "B", "field": "landing", "values": ["/f"], "buyer": "other", "seller": "offline"},
    ]
    session.add(ChannelRules(version=2, rules=old, saved_at=NOON, saved_by="v"))
    session.flush()
    session.execute(text(migration._WITH_CONDITIONS))
    rules = rules_of(2, session.scalars(text("select rules from channel_rules")).one())
    assert [(one.name, one.conditions[0].operator) for one in rules.rules] == [("A", "present"), ("B", "begins")]
