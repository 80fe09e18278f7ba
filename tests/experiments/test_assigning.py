"""Who gets which arm: the same in SQL and in Python, in the shares asked for, apart from the hold-out."""

from collections import Counter
from hashlib import sha256

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.experiments.assigning import WHOLE, Arm, arm_of, arm_sql
from growth.experiments.mismatch import mismatch

splits = st.lists(st.integers(1, 1_000), min_size=1, max_size=5).map(
    lambda parts: [part * WHOLE // sum(parts) or 1 for part in parts]
)


def arms_of(shares: list[int]) -> list[Arm]:
    shares[0] += WHOLE - sum(shares)
    return [Arm(name, share) for name, share in zip("ABCDE", shares, strict=False)]


def in_sql(session: Session, campaign: int, arms: list[Arm], percent: int, people: int) -> list[str | None]:
    expression, values = arm_sql(arms, percent)
    statement = text(f"""
        select {expression} from generate_series(1, :people) person
        cross join lateral (
            select sha256(convert_to(cast(:campaign as text) || ':' || person, 'UTF8')) as digest) hashed
        order by person
    """)
    return list(session.scalars(statement, values | {"campaign": campaign, "people": people}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(splits, st.integers(1, 100), st.integers(1, 10**12))
def test_sql_and_python_agree(session: Session, shares: list[int], percent: int, campaign: int) -> None:
    arms = arms_of(shares)
    found = in_sql(session, campaign, arms, percent, 60)
    assert found == [arm_of(campaign, person, arms, percent) for person in range(1, 61)]
    assert found == in_sql(session, campaign, arms, percent, 60)


def test_the_shares_are_right_and_the_rest_waits(session: Session) -> None:
    arms = [Arm("A", 5_000), Arm("B", 3_000), Arm("C", 2_000)]
    found = Counter(in_sql(session, 7, arms, 30, 100_000))
    waiting = found.pop(None)
    assert not mismatch({"in": sum(found.values()), "out": waiting}, {"in": 30, "out": 70}).found
    named = {name: people for name, people in found.items() if name is not None}
    assert not mismatch(named, {arm.name: arm.share for arm in arms}).found


def test_arms_say_nothing_of_who_is_held_out_nor_of_other_campaigns() -> None:
    arms = [Arm("A", 5_000), Arm("B", 5_000)]
    together: Counter[str] = Counter()
    for person in range(1, 40_001):
        digest = sha256(f"7:{person}".encode()).digest()
        held_out = int.from_bytes(digest[:3], "big") % 100 < 10
        together[f"{held_out} {arm_of(7, person, arms)} {arm_of(8, person, arms)}"] += 1
    shares = {f"{held} {one} {other}": 0.1 if held else 0.9 for held in (True, False) for one in "AB" for other in "AB"}
    assert not mismatch(together, shares).found


def test_what_an_arm_says_otherwise() -> None:
    arm = Arm("B", 5_000, {"subjects": {"en": "New bags", "ru": ""}, "preheaders": {"en": "Look"}, "hour": 9})
    assert arm.words_in("en") == {"subject": "New bags", "preheader": "Look"}
    assert arm.words_in("ru") == {}
    assert (arm.hour, arm.message) == (9, None)
    assert Arm("A", 5_000).words_in("en") == {}
