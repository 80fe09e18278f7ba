"""Saved audiences: versions, two who save, restoring, copies, archive, and audiences within audiences."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.audiences import saving
from growth.campaigns.audiences.examples import EXAMPLES, save_examples
from growth.campaigns.audiences.expanding import NOBODY, expanded
from growth.campaigns.audiences.reading import audiences, conditions_of, used_in, version_of, versions
from growth.campaigns.audiences.records import Audience
from growth.database.audit import AuditEntry
from growth.errors import ConflictError, InvalidError, NotFoundError
from tests.campaigns.planned import make
from tests.conftest import NOON

ME = "marketer@example.com"


def country(code: str, op: str = "in") -> dict[str, Any]:
    return {"all": [{"field": "country", "op": op, "value": [code]}]}


def inside(*numbers: int, op: str = "in") -> dict[str, Any]:
    return {"all": [{"field": "audience", "op": op, "value": sorted(numbers)}]}


def create(session: Session, name: str = "Russia", conditions: object | None = None) -> Audience:
    return saving.create(session, name=name, conditions=conditions or country("RU"), actor=ME, now=NOON)


def save(session: Session, audience: Audience, conditions: object, version: int, name: str | None = None) -> Audience:
    return saving.save(
        session,
        audience.id,
        name=name or audience.name,
        conditions=conditions,
        version=version,
        actor=ME,
        now=NOON,
    )


def test_every_save_is_a_version_and_the_same_again_is_none(session: Session) -> None:
    audience = create(session)
    save(session, audience, country("BR"), 1)
    save(session, audience, country("BR"), 1)  # the same is saved already, whatever it was made on
    save(session, audience, country("US"), 2, name="  The   States ")
    assert (audience.name, audience.version) == ("The States", 3)
    assert [one.conditions["all"][0]["value"] for one in versions(session, audience.id)] == [["US"], ["BR"], ["RU"]]
    assert len({one.fingerprint for one in versions(session, audience.id)}) == 3
    assert [one.version for one in versions(session, audience.id, before=2)] == [1]
    written = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert written[-3:] == ["create audience", "save audience", "save audience"]


def test_the_later_save_gets_the_difference_and_a_choice(session: Session) -> None:
    audience = create(session)
    save(session, audience, country("BR"), 1, name="Brazil")
    with pytest.raises(saving.ChangedError) as caught:
        save(session, audience, country("US"), 1)
    assert (caught.value.name, caught.value.conditions, caught.value.version) == ("Brazil", country("BR"), 2)
    assert save(session, audience, country("US"), caught.value.version).version == 3


def test_an_older_version_holds_again_as_a_new_one(session: Session) -> None:
    audience = create(session)
    save(session, audience, country("BR"), 1)
    saving.restore(session, audience.id, 1, version=2, actor=ME, now=NOON)
    assert (audience.version, conditions_of(session, audience)) == (3, country("RU"))
    assert version_of(session, audience.id, 3).fingerprint == version_of(session, audience.id, 1).fingerprint
    with pytest.raises(NotFoundError):
        saving.restore(session, audience.id, 9, version=3, actor=ME, now=NOON)


def test_a_copy_has_a_free_name_and_an_archived_one_is_out_of_the_list(session: Session) -> None:
    audience = create(session, "100% of _ Russia")
    copies = [saving.duplicate(session, audience.id, actor=ME, now=NOON).name for _ in range(2)]
    assert copies == ["100% of _ Russia (2)", "100% of _ Russia (3)"]
    saving.archive(session, audience.id, archived=True, actor=ME, now=NOON)
    assert [one.audience.name for one in audiences(session, find="% of _")] == copies[::-1]
    assert [one.audience.id for one in audiences(session, archived=True)] == [audience.id]
    newest = audiences(session, size=1)[0].audience.id
    assert [one.audience.name for one in audiences(session, before=newest)] == copies[:1]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\0b", "Russia"])
def test_a_name_that_cant_be_is_refused(session: Session, name: str) -> None:
    create(session)
    with pytest.raises(InvalidError) as caught:
        create(session, name)
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("list", ["nowhere"]),
        ("left_list", ["nowhere"]),
        ("audience", [2**63 - 1]),
        ("message", {"step": "clicked", "campaigns": [2**63 - 1]}),
    ],
)
def test_conditions_on_what_isnt_there_arent_saved(session: Session, field: str, value: Any) -> None:
    op = "in" if field in {"list", "audience"} else "did"
    with pytest.raises(InvalidError, match="There is no"):
        create(session, "Missing", {"all": [{"field": field, "op": op, "value": value}]})


def test_an_audience_within_another_follows_it(session: Session) -> None:
    russia = create(session)
    outer = create(session, "Others", inside(russia.id, op="not_in"))
    assert expanded(session, conditions_of(session, outer)) == {"all": [{"not": {"any": [country("RU")]}}]}
    save(session, russia, country("BR"), 1)
    assert expanded(session, conditions_of(session, outer)) == {"all": [{"not": {"any": [country("BR")]}}]}
    with pytest.raises(ConflictError, match="Others"):
        saving.archive(session, russia.id, archived=True, actor=ME, now=NOON)
    assert expanded(session, inside(2**40)) == {"all": [{"any": [NOBODY]}]}


def test_none_stands_within_itself(session: Session) -> None:
    one = create(session, "One")
    two = create(session, "Two", inside(one.id))
    three = create(session, "Three", inside(two.id, one.id))
    for audience in (one, two, three):
        with pytest.raises(InvalidError, match="within itself"):
            save(session, one, inside(audience.id), 1)
    save(session, one, country("BR"), 1)


def test_audiences_used_many_times_over_are_refused_before_they_fill_the_memory(session: Session) -> None:
    inner = create(session, "0")
    outer = create(session, "1", {"all": [inside(inner.id)] * 30})
    assert len(expanded(session, inside(outer.id))["all"][0]["any"][0]["all"]) == 30
    version_of(session, inner.id, 1).conditions = {"all": [country("RU")] * 30}
    session.flush()
    with pytest.raises(InvalidError, match="conditions"):
        create(session, "2", {"all": [inside(outer.id)] * 30})


def test_two_that_were_saved_into_each_other_at_once_are_refused_when_read(session: Session) -> None:
    one = create(session, "One")
    two = create(session, "Two", inside(one.id))
    version_of(session, one.id, 1).conditions = inside(two.id)
    session.flush()
    with pytest.raises(InvalidError, match="within itself"):
        expanded(session, inside(one.id))


def test_the_campaigns_that_took_it_are_known(session: Session) -> None:
    audience = create(session)
    campaign = make(session, audience_version_id=version_of(session, audience.id, 1).id)
    save(session, audience, country("BR"), 1)
    assert [one.id for one in used_in(session, audience.id)] == [campaign.id]


def test_the_examples_are_saved_once(session: Session) -> None:
    assert save_examples(session, actor=ME, now=NOON) == len(EXAMPLES)
    assert save_examples(session, actor=ME, now=NOON) == 0
    assert {one.audience.name for one in audiences(session)} == set(EXAMPLES)
