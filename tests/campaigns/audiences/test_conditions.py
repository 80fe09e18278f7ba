"""Conditions as they are given: what is refused, where in the tree it stands, and the one form that is stored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.conditions import MOST_CONDITIONS, ConditionError, checked, leaves, narrowed
from growth.campaigns.audiences.countries import country_names
from growth.campaigns.audiences.fields import FIELDS
from growth.campaigns.audiences.showing import readable
from growth.web.audience_form import link_of, tree_of_link

RUSSIA = {"field": "country", "op": "in", "value": ["RU"]}


def leaf(field: str, value: Any = None, op: str | None = None) -> dict[str, Any]:
    return {"field": field, "op": op or FIELDS[field].yes, "value": value}


def deep(depth: int) -> Any:
    return {"all": [deep(depth - 1)]} if depth else RUSSIA


_HUGE = 10**400


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        (None, ()),
        ([], ()),
        ({}, ()),
        ({"all": {}}, ()),
        ({"any": []}, ()),
        ({"all": [], "any": []}, ()),
        ({"none": [RUSSIA]}, ()),
        ({"all": [RUSSIA, {"any": [RUSSIA, 7]}]}, (1, 1)),
        ({"all": [RUSSIA, {"not": {"any": []}}]}, (1,)),
        ({"all": [RUSSIA] * (MOST_CONDITIONS + 1)}, ()),
        ({"all": [{"all": [RUSSIA] * 30}, {"all": [RUSSIA] * 30}]}, ()),
        (deep(6), (0,) * 5),
        ({"all": [leaf("country", ["RU"]) | {"field": "shoe size"}]}, (0,)),
        ({"all": [leaf("country", ["RU"]) | {"field": ["country"]}]}, (0,)),
        ({"all": [leaf("country", ["RU"], "like")]}, (0,)),
        ({"all": [leaf("country", ["RU"]) | {"op": ["in"]}]}, (0,)),
        ({"all": [leaf("country", ["RU"]) | {"or": "1=1"}]}, (0,)),
        ({"all": [leaf("country", [])]}, (0,)),
        ({"all": [leaf("country", "RU")]}, (0,)),
        ({"all": [leaf("country", ["RU'); drop table person; --"])]}, (0,)),
        ({"all": [leaf("language", ["xx"])]}, (0,)),
        ({"all": [leaf("province", ["a\0b"])]}, (0,)),
        ({"all": [leaf("province", ["x" * 121])]}, (0,)),
        ({"all": [leaf("province", ["x"] * 301)]}, (0,)),
        ({"all": [leaf("joined", True)]}, (0,)),
        ({"all": [leaf("joined", 1.5)]}, (0,)),
        ({"all": [leaf("joined", _HUGE)]}, (0,)),
        ({"all": [leaf("joined", 0)]}, (0,)),
        ({"all": [leaf("joined_day", "soon")]}, (0,)),
        ({"all": [leaf("joined_day", "9999-12-31")]}, (0,)),
        ({"all": [leaf("joined_day", "0001-01-01T00:00:00+14:00")]}, (0,)),
        ({"all": [leaf("audience", [0])]}, (0,)),
        ({"all": [leaf("audience", [2**63])]}, (0,)),
        ({"all": [leaf("event", {"kind": "order", "times": 0})]}, (0,)),
        ({"all": [leaf("event", {"kind": "email_open"})]}, (0,)),
        ({"all": [leaf("event", {"kind": "order", "sql": "1"})]}, (0,)),
        ({"all": [leaf("event", "order")]}, (0,)),
        ({"all": [leaf("spent", {"amount_minor": 1, "currency": "US DOLLARS"})]}, (0,)),
        ({"all": [leaf("spent", {"amount_minor": _HUGE, "currency": "USD"})]}, (0,)),
        ({"all": [leaf("unopened", 21)]}, (0,)),
        ({"all": [leaf("lead_score", 101)]}, (0,)),
    ],
)
def test_what_cant_be_read_is_refused_and_its_place_is_said(tree: Any, path: tuple[int, ...]) -> None:
    with pytest.raises(ConditionError) as caught:
        checked(tree)
    assert caught.value.path == path
    assert str(caught.value).startswith(".".join(str(one + 1) for one in path))


def test_what_is_denied_twice_is_said_plainly() -> None:
    outside = {"field": "country", "op": "not_in", "value": ["RU"]}
    assert checked({"not": RUSSIA}) == {"all": [outside]}
    assert checked({"not": {"not": {"any": [{"not": outside}]}}}) == {"any": [RUSSIA]}
    assert checked({"all": [{"field": "language", "op": "in", "value": ["ru", "en", "ru "]}]})["all"][0]["value"] == [
        "en",
        "ru",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*FIELDS]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["all", "any", "not", "field", "op", "value", "kind", "days"]) | st.text(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_anything_at_all_is_read_or_refused_in_words(tree: Any) -> None:
    try:
        found = checked(tree)
    except ConditionError:
        return
    assert checked(found) == found
    assert compiled({"all": [one for one in leaves(found) if one["field"] != "audience"]}).where


def test_narrowing_is_everybody_without_a_wish() -> None:
    assert narrowed() == {"all": []}
    assert narrowed(countries=["ru "]) == {"all": [RUSSIA]}
    with pytest.raises(ConditionError, match="ZZ"):
        narrowed(countries=["ZZ"])


def test_a_value_goes_into_no_statement() -> None:
    evil = "'); drop table person; -- :now"
    wanted = compiled(checked(leaf("province", [evil])))
    assert evil not in wanted.where
    assert "''); drop table" in readable(wanted)
    assert wanted.values == {"audience_1": [evil]}


def test_every_country_has_a_name_and_a_link_carries_a_tree() -> None:
    assert {"RU", "BR", "CN", "US"} <= country_names("zh_CN").keys()
    tree = checked({"all": [RUSSIA, leaf("suppressed"), {"any": [leaf("joined", 30)]}]})
    assert tree_of_link(link_of(tree)) == tree
    assert link_of({"all": [leaf("province", ["省" * 100] * 100)]}) == ""
