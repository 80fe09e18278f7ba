"""The checks together, on what is shipped and on a campaign."""

import pytest
from sqlalchemy.orm import Session

from growth.campaigns.checks.looking import checks_of, letter_of, of_letters, slow_checks_of
from growth.campaigns.email.catalogue import compile_source, filled_in
from growth.campaigns.messages.sources import is_letter, sample_of, shipped, shipped_names
from growth.campaigns.seeing import Wording
from growth.database.workspace import Workspace
from growth.experiments.records import Experiment, ExperimentArm
from growth.locales import LOCALES
from growth.people.consent import record_consent
from growth.people.identity import Known, ensure_person
from tests.campaigns.planned import make
from tests.conftest import NOON

MESSAGES = [name for name in shipped_names() if not is_letter(shipped(name))]
SAMPLE = {"sender_name": "Market of makers", "postal_address": "12 Harbour Road, Hangzhou 310000, China"}


def test_eight_messages_are_shipped() -> None:
    assert set(MESSAGES) >= {
        "welcome_buyer",
        "product_digest",
        "abandoned_basket",
        "win_back",
        "order_follow_up",
        "seller_invitation_member",
        "seller_invitation_prospect",
        "seller_onboarding",
    }


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_shipped_message_passes(name: str, locale: str) -> None:
    source = shipped(name)
    assert locale in sample_of(source)["locales"]
    made = compile_source(source, locale)
    shown = filled_in(made, sample_of(source)["values"] | SAMPLE)
    assert "[[" not in shown.subject + shown.preheader + shown.html + shown.text
    found = of_letters([letter_of(made, shown, Wording(name, None))])
    assert [one.sentence % one.values for one in found if one.tone in {"bad", "warn"}] == []


def set_up(session: Session, *, demo: bool = True) -> None:
    session.add(
        Workspace(
            name="Makers",
            time_zone="UTC",
            currency="USD",
            sender_name="Makers",
            sender_email="hello@makers.example",
            postal_address="1 Harbour Road",
            demo=demo,
            set_up_at=NOON,
        )
    )
    session.flush()


def reader(session: Session, email: str) -> int:
    person = ensure_person(session, Known(email=email, locale="en", country="US"), NOON)
    record_consent(
        session,
        person,
        purpose="marketing",
        channel="email",
        granted=True,
        basis="consent",
        jurisdiction="US",
        source="form",
        wording="Yes",
        evidence={},
        at=NOON,
        now=NOON,
    )
    return person


def test_a_campaign_in_good_order(session: Session) -> None:
    set_up(session)
    found = checks_of(session, make(session), NOON)
    assert {one.tone for one in found} <= {"good", "info"}
    assert {one.key for one in found} == {
        *("variables", "links", "text", "images", "subject", "size", "contrast", "footing", "content", "one_click")
    }


def test_who_lacks_what_the_message_says_is_counted(session: Session) -> None:
    set_up(session)
    first = reader(session, "a@example.com")
    reader(session, "b@example.com")
    campaign = make(session, message="abandoned_basket", audience={"all": []})
    assert "basket.items" in str([one.values for one in checks_of(session, campaign, NOON) if one.key == "variables"])
    found = [one for one in slow_checks_of(session, campaign, NOON) if one.key == "variables"]
    wrong = [one for one in found if one.tone == "warn"]
    assert [(one.values["lacking"], one.values["count"], one.at) for one in wrong] == [(2, 2, f"people/{first}")]


def test_a_message_that_isnt_there_is_no_reason_to_fail(session: Session) -> None:
    set_up(session)
    campaign = make(session, message="gone")
    assert [one.key for one in checks_of(session, campaign, NOON)] == ["one_click"]
    assert slow_checks_of(session, campaign, NOON) == []


def test_an_arm_of_an_experiment_is_looked_at_too(session: Session) -> None:
    set_up(session)
    campaign = make(session)
    experiment = Experiment(
        subject_kind="campaign", subject_id=campaign.id, outcome="click", horizon_days=3, rule="fixed", state="planned"
    )
    session.add(experiment)
    session.flush()
    long = "A subject that is so long that no phone on earth would ever show all of it"
    for name, changes in (("A", {}), ("B", {"subjects": {"en": long}})):
        session.add(ExperimentArm(experiment_id=experiment.id, name=name, share=5000, changes=changes))
    session.flush()
    found = [one for one in checks_of(session, campaign, NOON) if one.key == "subject" and one.locale == "en"]
    assert [one.values["language"] for one in found] == ["English, B"]
