"""The scoring page: the card, who may promote, and what stands there before there is a model."""

import pytest
from sqlalchemy import select

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.scoring.examples import read_examples
from growth.scoring.records import ScoringModel
from growth.scoring.retraining import keep
from growth.scoring.target import SELLER_WON_90D
from growth.scoring.training import learn
from tests.scoring.funnel import add_leads
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site


@pytest.fixture
def models(site: Site) -> tuple[int, int]:
    """Ids of a champion and a candidate."""
    now = site.clock.now()
    with transaction(site.engine) as session:
        add_leads(session, now, 1000)
        learnt = learn(SELLER_WON_90D, read_examples(session, SELLER_WON_90D, now), None)
        # The second was learnt without knowing of the first, so it only stands by.
        keep(session, SELLER_WON_90D, learnt, None, now)
        keep(session, SELLER_WON_90D, learnt, None, now)
        first, second = session.scalars(select(ScoringModel.id).order_by(ScoringModel.id)).all()
    return first, second


def champion(site: Site) -> int:
    with transaction(site.engine) as session:
        return session.scalars(select(ScoringModel.id).where(ScoringModel.state == "champion")).one()


def test_without_a_model_it_says_what_will_be_here(client_as: ClientAs) -> None:
    manager = client_as("manager").get("/scoring").text
    assert "No model yet." in manager
    assert "/jobs/train_scoring_model" in manager
    assert "/jobs/train_scoring_model" not in client_as("rep").get("/scoring").text


def test_the_card_shows_figures_features_and_the_decision(client_as: ClientAs, models: tuple[int, int]) -> None:
    page = client_as("rep").get("/scoring").text
    for words in ("First model: on", "Calibration error", "Came by way of …", "Said against seen", "Country"):
        assert words in page
    assert "Promote model" not in page
    assert client_as("rep").get(f"/scoring/{models[1]}").status_code == 200
    assert client_as("rep").get("/scoring/999").status_code == 404


def test_a_manager_promotes_the_candidate_and_takes_it_back(
    site: Site, client_as: ClientAs, models: tuple[int, int]
) -> None:
    first, second = models
    manager = client_as("manager")
    assert f"Promote model {second}" in manager.get("/scoring").text
    assert client_as("marketer").post(f"/scoring/{second}/promote").status_code == 403
    assert champion(site) == first
    assert manager.post(f"/scoring/{second}/promote").headers["location"] == "/scoring"
    assert champion(site) == second
    page = manager.get("/scoring").text
    assert f"Model {second} is in use from the next scoring on." in page
    assert f'action="/scoring/{first}/promote"' in page
    manager.post(f"/scoring/{first}/promote")
    assert champion(site) == first
    with transaction(site.engine) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(one.actor, one.action, one.detail["after"]) for one in entries] == [
            ("manager@example.com", "promote model", second),
            ("manager@example.com", "promote model", first),
        ]


@pytest.mark.browser
def test_the_card_is_for_everyone(page_as: PageAs, models: tuple[int, int]) -> None:
    assert models
    page = page_as("manager")
    page.goto("/scoring")
    for theme in ("light", "dark"):
        for width in (390, 1440):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)
    page.get_by_role("button", name="Promote model").click()
    page.get_by_text("is in use from the next scoring on.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Promote model").wait_for()
