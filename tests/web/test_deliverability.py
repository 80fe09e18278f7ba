"""What came back, of all campaigns and of one: figures, warnings, reasons in words."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from growth.campaigns.records import CampaignRun, Delivery, ReceiverMinute
from growth.database.engine import transaction
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.messages import sent
from tests.web.serving import Site

LONG = "a-very-long-domain-name-that-nobody-would-type-by-hand-but-somebody-owns.example"


def busy(site: Site) -> int:
    """A campaign whose messages fared well, badly, and at a receiver with a long name; its number."""
    message, now = sent(site), site.clock.now()
    with transaction(site.engine) as session:
        bounced = {"state": "bounced", "bounce_class": "mailbox", "receiver": "mail.ru"}
        session.execute(update(Delivery).where(Delivery.id == message.delivery).values(bounced))
        run = session.scalars(update(CampaignRun).values(state="sent").returning(CampaignRun)).one()
        fates = {"gmail": (9_000, 8_990, 2), "mail.ru": (900, 700, 4), LONG: (3, 3, 0)}
        for place, (receiver, (number, delivered, complained)) in enumerate(fates.items()):
            figures = {"sent": number, "delivered": delivered, "complained": complained, "opened": delivered // 3}
            rest = {"deferred": 0, "bounced": number - delivered, "clicked": delivered // 9}
            minute = now - timedelta(minutes=place)
            session.add(ReceiverMinute(campaign_run_id=run.id, receiver=receiver, minute=minute, **figures, **rest))
        return run.campaign_id


def test_a_receiver_that_complains_is_named_with_a_remedy(site: Site, client_as: ClientAs) -> None:
    campaign = busy(site)
    for path in ("/deliverability", f"/campaigns/{campaign}/feedback"):
        shown = client_as("marketer").get(path).text
        assert "0.4% of what went to mail.ru was reported as spam." in shown
        assert "22.3% of what went to mail.ru bounced." in shown
        assert "to gmail" not in shown
        assert "The mailbox is full or out of use" in shown
    assert client_as("rep").get("/deliverability").status_code == 403
    assert client_as("marketer").get("/campaigns/999999/feedback").status_code == 404


def test_nothing_sent_is_said(client_as: ClientAs) -> None:
    shown = client_as("manager").get("/deliverability").text
    assert "Nothing was sent." in shown
    assert "None bounced." in shown


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_both_pages_for_everybody(site: Site, page_as: PageAs, width: int, theme: str) -> None:
    campaign = busy(site)
    page = page_as("marketer", width=width, theme=theme)
    for path in ("/deliverability", f"/campaigns/{campaign}/feedback"):
        page.goto(site.url + path)
        assert page.get_by_role("heading", name="By receiver").is_visible()
        no_sideways_scroll(page)
        axe(page)
