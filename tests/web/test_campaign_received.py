"""A message of a campaign as its recipient received it: nobody is counted by looking, and the erased are gone."""

from uuid import uuid4

import pytest
from sqlalchemy import select, text

from growth.campaigns.email.archive import pack
from growth.campaigns.email.catalogue import ensure_version
from growth.campaigns.messages.words import words_for
from growth.campaigns.records import Delivery, DeliveryBatch
from growth.database.engine import transaction
from growth.database.workspace import workspace
from tests.campaigns.test_words import One
from tests.web.browser import axe, no_sideways_scroll
from tests.web.campaigning import sending
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site


@pytest.fixture
def sent(site: Site) -> tuple[int, int]:
    """A campaign, and one of its messages that was handed over with its words kept."""
    campaign, now = sending(site), site.clock.now()
    with transaction(site.engine) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.delivered_at.is_not(None))).one()
        version, sender = ensure_version(session, "welcome_buyer", "en", now), workspace(session)
        assert sender is not None
        who = One(delivery.id, delivery.person_id, "Ana & Sons")
        words = words_for(session, version, [who], sender=sender, base_url="https://growth.example", now=now)
        batch = uuid4()
        kept = pack(words, sender=sender)
        run = delivery.campaign_run_id
        session.add(DeliveryBatch(id=batch, campaign_run_id=run, state="accepted", claimed_at=now, words_sealed=kept))
        session.flush()
        delivery.batch_id, delivery.email_version_id = batch, version.id
    return campaign, delivery.id


def test_it_is_shown_as_it_was_and_counts_nobody(sent: tuple[int, int], client_as: ClientAs) -> None:
    campaign, delivery = sent
    client = client_as("manager")
    assert f"/campaigns/{campaign}/messages/{delivery}" in client.get(f"/campaigns/{campaign}").text
    page = client.get(f"/campaigns/{campaign}/messages/{delivery}?form=text").text
    assert "Ana &amp; Sons" in page
    frame = client.get(f"/campaigns/{campaign}/messages/{delivery}/frame")
    assert frame.headers["content-security-policy"].startswith("sandbox")
    assert "Ana &amp; Sons" in frame.text
    for signed in ("/c/", "/o/", "/p/unsubscribe", "/p/preferences", "[["):
        assert signed not in frame.text


def test_what_is_not_there_or_was_erased_is_not_shown(sent: tuple[int, int], site: Site, client_as: ClientAs) -> None:
    campaign, delivery = sent
    client = client_as("marketer")
    for path in (f"{campaign}/messages/999", f"{campaign + 1}/messages/{delivery}", f"{campaign}/messages/{2**63 - 1}"):
        assert client.get(f"/campaigns/{path}").status_code == 404
    assert client.get(f"/campaigns/{campaign}/messages/{2**70}").status_code in {404, 422}
    with transaction(site.engine) as session:
        session.execute(text("update person set erased_at = now()"))
    assert client.get(f"/campaigns/{campaign}/messages/{delivery}").status_code == 404
    assert client.get(f"/campaigns/{campaign}/messages/{delivery}/frame").status_code == 404


@pytest.mark.browser
def test_the_page_is_for_everyone(sent: tuple[int, int], page_as: PageAs) -> None:
    campaign, delivery = sent
    page = page_as("marketer")
    page.goto(f"/campaigns/{campaign}/messages/{delivery}")
    for theme in ("light", "dark"):
        for width in (390, 1440):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 1100})
            axe(page)
            no_sideways_scroll(page)
