"""Laws of the audience: everybody in it ends in exactly one of deliveries and exclusions, for the right reason."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from growth.campaigns import audience
from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.records import Campaign, CampaignRun, Delivery, Exclusion
from growth.keyring import keyring
from growth.locales import closest
from growth.people.suppression import suppress
from tests.campaigns.sending import add_campaign, add_people
from tests.conftest import NOON

TAGS = ("en", "en-GB", "ru_RU", "pt", "pt-BR", "zh-Hant-TW", "de", "EN", "", None)


@dataclass(frozen=True)
class Somebody:
    locale: str | None
    country: str | None
    granted: bool | None
    addresses: int
    suppressed: tuple[tuple[int, str, str], ...]
    erased: bool
    joined: int


somebody = st.builds(
    Somebody,
    locale=st.sampled_from(TAGS),
    country=st.sampled_from(("US", "RU", "BR", None)),
    granted=st.sampled_from((True, True, True, False, None)),
    addresses=st.sampled_from((1, 1, 1, 2, 0)),
    suppressed=st.lists(
        st.tuples(
            st.sampled_from((0, 1)),
            st.sampled_from(("hard_bounce", "hard_bounce", "complaint", "unsubscribe", "manual")),
            st.sampled_from(("all", "marketing", "other")),
        ),
        max_size=2,
    ).map(tuple),
    erased=st.sampled_from((False, False, False, True)),
    joined=st.integers(0, 3),
)


def expected(one: Somebody, holdout: int) -> set[str | None]:
    """Why somebody is left out, by the rules in words; None is a message."""
    listed = [(which, reason) for which, reason, scope in one.suppressed if scope != "other" and which < one.addresses]
    left = set(range(one.addresses)) - {which for which, _ in listed}
    if one.erased:
        return {"erased"}
    if one.addresses == 0:
        return {"no_address"}
    if not left or any(reason != "hard_bounce" for _, reason in listed):
        return {"suppressed"}
    if not one.granted:
        return {"no_consent"}
    if closest(one.locale) is None:
        return {"no_language"}
    return {"holdout"} if holdout == 100 else {None} if holdout == 0 else {None, "holdout"}


def store(session: Session, people: list[Somebody]) -> dict[int, Somebody]:
    stored = {}
    keys = keyring()
    for number, one in enumerate(people):
        joined = NOON + timedelta(days=one.joined)
        person = session.scalar(
            text("""
                insert into person (locale, country, created_at, erased_at)
                values (:locale, :country, :joined, case when :erased then now() end) returning id
            """),
            {"locale": one.locale, "country": one.country, "joined": joined, "erased": one.erased},
        )
        stored[person] = one
        for which in range(one.addresses):
            session.execute(
                text("""
                    insert into identity (kind, hash, sealed, person_id, created_at)
                    values ('email', :hash, :sealed, :person, now())
                """),
                {
                    "hash": keys.keyed_hash("email", f"{number}-{which}@example.com"),
                    "sealed": keys.seal(f"{number}-{which}@example.com"),
                    "person": person,
                },
            )
        for which, reason, scope in one.suppressed:
            digest = keys.keyed_hash("email", f"{number}-{which}@example.com")
            suppress(session, "email", digest, scope, reason=reason, source="test", now=NOON)
        if one.granted is not None:
            session.execute(
                text("insert into consent values (:person, 'marketing', 'email', :granted, :now)"),
                {"person": person, "granted": one.granted, "now": NOON - timedelta(days=1)},
            )
    return stored


@contextmanager
def undone(session: Session) -> Iterator[None]:
    with session.begin_nested() as inner:
        yield
        inner.rollback()
    session.expire_all()


def start(session: Session, campaign: Campaign) -> CampaignRun:
    run = CampaignRun(campaign_id=campaign.id, due_at=NOON, state="selecting")
    session.add(run)
    session.flush()
    return run


def select_all(session: Session, run: CampaignRun, size: int) -> None:
    after, more = None, True
    while more:
        step = audience.select(session, run, NOON, after, size)
        after, more = step.next, step.next is not None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(somebody, max_size=12),
    holdout=st.sampled_from((0, 0, 30, 100)),
    size=st.integers(1, 5),
    locales=st.sampled_from(([], ["en"], ["ru", "pt_BR"])),
    countries=st.sampled_from(([], ["US"], ["RU", "BR"])),
    joined_after=st.sampled_from((None, 2)),
)
def test_everybody_ends_in_exactly_one_of_both(  # noqa: PLR0917
    session: Session,
    people: list[Somebody],
    holdout: int,
    size: int,
    locales: list[str],
    countries: list[str],
    joined_after: int | None,
) -> None:
    with undone(session):
        stored = store(session, people)
        since = NOON + timedelta(days=joined_after) if joined_after is not None else None
        wanted = narrowed(locales=locales, countries=countries, joined_since=since)
        campaign = add_campaign(session, NOON, audience=wanted, holdout_percent=holdout)
        run = start(session, campaign)
        foreseen = audience.review(session, campaign, NOON)
        select_all(session, run, size)
        found: dict[int, str | None] = {}
        for person, reason in [
            *session.execute(select(Delivery.person_id, text("null")).where(Delivery.campaign_run_id == run.id)),
            *session.execute(select(Exclusion.person_id, Exclusion.reason).where(Exclusion.campaign_run_id == run.id)),
        ]:
            assert person not in found
            found[person] = reason
        members = {
            person
            for person, one in stored.items()
            if (not locales or closest(one.locale) in locales)
            and (not countries or one.country in countries)
            and (joined_after is None or one.joined >= joined_after)
        }
        assert set(found) == members
        for person, reason in found.items():
            assert reason in expected(stored[person], holdout)
        assert foreseen.total == len(members)
        assert foreseen.excluded == Counter(reason for reason in found.values() if reason)
        assert foreseen.reached == sum(foreseen.by_locale.values()) == list(found.values()).count(None)
        before = len(found)
        session.execute(text("update consent set granted = not granted"))
        select_all(session, run, size)  # a second run of the job, after a change: who is decided on stays so
        both = text(
            "select count(*) from (select person_id from delivery where campaign_run_id = :run union all"
            " select person_id from exclusion where campaign_run_id = :run) both_of_them"
        )
        assert session.scalar(both, {"run": run.id}) == before


def test_the_hold_out_is_uniform_and_stays(session: Session) -> None:
    people = add_people(session, 4000, NOON, prefix="hold")
    first = add_campaign(session, NOON, name="first", holdout_percent=10)
    second = add_campaign(session, NOON, name="second", holdout_percent=10)
    held = {}
    for campaign in (first, second):
        run = start(session, campaign)
        select_all(session, run, 1000)
        reasons = select(Exclusion.person_id).where(Exclusion.campaign_run_id == run.id, Exclusion.reason == "holdout")
        held[campaign.id] = set(session.scalars(reasons))
        assert audience.review(session, campaign, NOON).excluded["holdout"] == len(held[campaign.id])
    assert all(320 < len(some) < 480 for some in held.values())  # 400, give or take four standard deviations
    assert len(held[first.id] & held[second.id]) < 80  # 40 expected of independent ones
    assert held[first.id] <= set(people)


def test_a_permission_given_again_outweighs_an_older_unsubscription(session: Session) -> None:
    add_people(session, 1, NOON, prefix="again")
    campaign = add_campaign(session, NOON)
    digest = keyring().keyed_hash("email", "again0@example.com")
    suppress(session, "email", digest, "marketing", reason="unsubscribe", source="page", now=NOON + timedelta(days=1))
    assert audience.review(session, campaign, NOON).excluded == {"suppressed": 1}
    session.execute(text("update consent set at = :at"), {"at": NOON + timedelta(days=2)})
    assert audience.review(session, campaign, NOON).reached == 1
    suppress(session, "email", digest, reason="complaint", source="sendgrid", now=NOON + timedelta(days=1))
    assert audience.review(session, campaign, NOON).excluded == {"suppressed": 1}
