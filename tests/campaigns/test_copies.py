"""Copies of a campaign's message to our own people: tests to colleagues, and the seed list."""

from datetime import datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from growth.campaigns.letters.records import Letter
from growth.campaigns.letters.seeding import post_seeds
from growth.campaigns.letters.trying import MOST_PER_HOUR, colleagues, post_tests
from growth.campaigns.records import Campaign, CampaignRun
from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.rules import rules
from growth.errors import InvalidError, NotFoundError, TransientError
from growth.keyring import keyring
from growth.people.accounts import Account, Role
from growth.people.identity import Known, ensure_person
from growth.people.passwords import no_password
from growth.people.staff import close_account, new_account
from tests.campaigns.planned import begin, make
from tests.campaigns.sending import set_up
from tests.conftest import NOON

ME = "marketer@example.com"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A draft of a product that is set up, with one colleague and two seeds."""
    set_up(session, NOON)
    new_account(session, email=ME, name="Me", roles=[Role.MARKETER], password_hash=no_password(), now=NOON)
    rules(session)
    seeds = [{"email": "Seed@mail.example", "locale": None}, {"email": "seed@почта.рф", "locale": "ru"}]
    session.execute(update(SendingRules).values(seeds=seeds))
    session.expire_all()
    return make(session)


def letters(session: Session, kind: str) -> list[tuple[str, str, dict[str, str]]]:
    """Address, locale and content of each letter of a kind."""
    found = session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id))
    return [
        (_opened(one.email_sealed), one.locale, orjson.loads(_opened(one.values_sealed))["content"]) for one in found
    ]


def _opened(sealed: bytes | None) -> str:
    assert sealed is not None
    return keyring().unseal(sealed)


def tried_by(session: Session, campaign: Campaign, actor: str, now: datetime) -> int:
    return post_tests(session, campaign, to=[ME], locales=["en"], person=None, actor=actor, now=now)


def tried(
    session: Session, campaign: Campaign, *to: str, locales: tuple[str, ...] = ("en",), person: int | None = None
) -> int:
    return post_tests(session, campaign, to=to, locales=locales, person=person, actor=ME, now=NOON)


def test_a_colleague_gets_it_in_each_language_and_nothing_of_it_counts(session: Session, campaign: Campaign) -> None:
    assert tried(session, campaign, f" {ME.upper()} ", locales=("en", "ru")) == 2
    found = letters(session, "test")
    assert [(email, locale) for email, locale, _ in found] == [(ME, "en"), (ME, "ru")]
    assert found[0][2]["subject"] == "[Test] Welcome: how buying works here"
    for _, _, content in found:
        whole = "".join(content.values())
        assert "[[" not in whole
        assert "/o/" not in whole
        assert "/c/" not in whole
        assert "data:," not in whole
        assert 'href="#"' not in whole
        assert "/p/unsubscribe?t=" in whole


def test_it_may_be_seen_as_somebody(session: Session, campaign: Campaign) -> None:
    ana = ensure_person(session, Known(email="ana@example.com", name="Ana <b>Souza", locale="en"), NOON)
    tried(session, campaign, ME, person=ana)
    assert "Ana &lt;b&gt;Souza" in letters(session, "test")[0][2]["html"]
    with pytest.raises(NotFoundError):
        tried(session, campaign, ME, person=ana + 5)
    campaign.message = "abandoned_basket"
    with pytest.raises(InvalidError) as refused:
        tried(session, campaign, ME, person=ana)
    assert refused.value.field == "person"


@pytest.mark.parametrize(
    ("to", "locales", "field"),
    [
        ((), ("en",), "to"),
        ((" ",), ("en",), "to"),
        (("stranger@example.com",), ("en",), "to"),
        ((ME, "no address"), ("en",), "to"),
        ((ME,), (), "locales"),
        ((ME,), ("en", "tlh"), "locales"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    session: Session, campaign: Campaign, to: tuple[str, ...], locales: tuple[str, ...], field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        tried(session, campaign, *to, locales=locales)
    assert refused.value.field == field
    assert letters(session, "test") == []


def test_who_left_the_team_gets_no_tests(session: Session, campaign: Campaign) -> None:
    new_account(session, email="admin@example.com", name="A", roles=[Role.ADMIN], password_hash=no_password(), now=NOON)
    me = session.scalars(select(Account).where(Account.email == ME)).one()
    close_account(session, me, NOON)
    assert set(colleagues(session)) == {"admin@example.com", "seed@mail.example", "seed@почта.рф"}
    with pytest.raises(InvalidError):
        tried(session, campaign, ME)


def test_there_is_a_limit_per_hour(session: Session, campaign: Campaign) -> None:
    for _ in range(MOST_PER_HOUR // 2):
        tried(session, campaign, ME, locales=("en", "ru"))
    with pytest.raises(TransientError), session.begin_nested():
        tried(session, campaign, ME)
    assert tried_by(session, campaign, "other@example.com", NOON) == 1
    assert tried_by(session, campaign, ME, NOON + timedelta(hours=1)) == 1


def test_each_seed_gets_a_copy_once(session: Session, campaign: Campaign) -> None:
    run = session.get_one(CampaignRun, begin(session, campaign))
    assert post_seeds(session, run, NOON) == 5
    found = letters(session, "seed")
    assert sorted({(email, locale) for email, locale, _ in found if email.startswith("seed@m")}) == [
        ("seed@mail.example", locale) for locale in sorted(("en", "ru", "pt_BR", "zh_CN"))
    ]
    assert len(found) == 5
    assert found[0][2]["subject"] == "Welcome: how buying works here"
    assert post_seeds(session, run, NOON + timedelta(minutes=1)) == 0
    assert session.scalars(select(Letter.campaign_run_id)).first() == run.id


def test_nothing_about_seeds_holds_a_campaign_back(session: Session, campaign: Campaign) -> None:
    session.execute(
        update(SendingRules).values(seeds=[{"email": "no address"}, {"email": "s@mail.example", "locale": "en"}])
    )
    session.expire_all()
    run = session.get_one(CampaignRun, begin(session, campaign))
    assert post_seeds(session, run, NOON) == 1
    session.execute(update(SendingRules).values(seeds=[]))
    session.expire_all()
    campaign.message = "gone"
    assert post_seeds(session, run, NOON) == 0


def test_a_triggered_campaign_sends_its_seeds_one_copy_not_one_a_day(session: Session, campaign: Campaign) -> None:
    campaign.kind = "triggered"
    first, second = (CampaignRun(campaign_id=campaign.id, due_at=NOON + day, state="sending") for day in DAYS)
    session.add_all([first, second])
    session.flush()
    assert post_seeds(session, first, NOON) == 5
    assert post_seeds(session, second, NOON + timedelta(days=1)) == 0


DAYS = (timedelta(days=2), timedelta(days=3))
