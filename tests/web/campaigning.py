"""Campaigns for tests of pages: people to write to, drafts, and one that is on its way."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import insert, select, update

from growth.campaigns.audiences.conditions import narrowed
from growth.campaigns.records import Campaign, CampaignRun, Delivery, Exclusion
from growth.database.engine import transaction
from growth.database.workspace import Workspace
from growth.people.consent import record_consent
from growth.people.identity import Known, ensure_person
from growth.settings import settings
from tests.web.serving import Site

LONG = "Зимние сумки и рюкзаки прямо из Иу 冬季箱包直供义乌 " + "WithoutAnySpaceAtAll" * 3


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key, as an installation that sends has one."""
    monkeypatch.setenv("GROWTH_SENDGRID_API_KEY", "SG.tests")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def people(site: Site) -> None:
    """Three with permission, one without, and one with no language of ours; links lead to this machine (a demo)."""
    now = site.clock.now()
    known = [
        ("Ana Souza", "ana@example.com", "pt_BR", "BR", True),
        ("Иван Петров", "ivan@example.com", "ru", "RU", True),
        ("John Smith", "john@example.com", "en", "US", True),
        ("Nobody Asked", "nobody@example.com", "en", "US", False),
        ("Olena Koval", "olena@example.com", "uk", "UA", True),
    ]
    with transaction(site.engine) as session:
        session.execute(update(Workspace).values(demo=True))
        for name, email, locale, country, granted in known:
            person = ensure_person(session, Known(email=email, name=name, locale=locale, country=country), now)
            if granted:
                record_consent(
                    session,
                    person,
                    purpose="marketing",
                    channel="email",
                    granted=True,
                    basis="consent",
                    jurisdiction="GDPR",
                    source="form",
                    wording="Yes, write to me.",
                    evidence={},
                    at=now,
                    now=now,
                )


def draft(marketer: httpx.Client, name: str = "Welcome") -> str:
    """The path of a new draft."""
    made = marketer.post("/campaigns/new", data={"name": name, "side": "buyer"})
    assert made.status_code == 303
    return made.headers["location"].rpartition("/")[0]


def countries(names: str) -> dict[str, str]:
    """The fields of an audience of these countries."""
    first = {"c.0.field": "country", "c.0.was": "country", "c.0.op": "in", "c.0.v.countries": names}
    return {"c.group": "all"} | (first if names else {})


def stored(site: Site) -> Campaign:
    with transaction(site.engine) as session:
        return session.scalars(select(Campaign)).one()


def sending(site: Site, people_wanted: int = 3) -> int:
    """A campaign that is being sent: one message delivered and clicked, one bounced, the others waiting."""
    now = site.clock.now()
    with transaction(site.engine) as session:
        campaign = Campaign(
            name=LONG,
            side="buyer",
            purpose="marketing",
            message="welcome_buyer",
            audience=narrowed(countries=["RU"]),
            holdout_percent=10,
            state="sending",
            scheduled_at=now,
            created_by="marketer@example.com",
            created_at=now,
        )
        session.add(campaign)
        session.flush()
        run = CampaignRun(campaign_id=campaign.id, due_at=now, state="sending", selected_at=now)
        session.add(run)
        session.flush()
        known = [
            ensure_person(session, Known(email=f"p{number}@example.com", name=f"Person {number}"), now)
            for number in range(people_wanted + 1)
        ]
        session.execute(
            insert(Delivery),
            [{"campaign_run_id": run.id, "person_id": person, "locale": "ru"} for person in known[:-1]],
        )
        session.add(Exclusion(campaign_run_id=run.id, person_id=known[-1], reason="holdout"))
        mine = Delivery.campaign_run_id == run.id
        session.execute(
            update(Delivery)
            .where(mine, Delivery.person_id == known[0])
            .values(state="delivered", accepted_at=now, delivered_at=now, opened_at=now, clicked_at=now)
        )
        session.execute(
            update(Delivery)
            .where(mine, Delivery.person_id == known[1])
            .values(state="bounced", accepted_at=now, refusal="550 no such user")
        )
        return campaign.id
