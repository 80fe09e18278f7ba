"""A campaign by its five pages, with an A/B test and a hold-out, through real processes to its report."""

import os
import re
from collections import Counter

import httpx
import pytest
from sqlalchemy import Engine, func, select

from growth.campaigns.records import Campaign, Delivery, Exclusion
from growth.clock import SystemClock
from growth.database.engine import transaction
from growth.people.sign_in import open_session
from growth.people.staff import account_by_email
from growth.web.access import session_cookie
from tests.campaigns.sending import add_people
from tests.journeys.installation import growth, until
from tests.journeys.test_pause_edit_resume import messages
from tests.journeys.test_welcome import count, service

__all__ = ["service"]
PEOPLE = 300
SUBJECTS = {"A": "Winter bags, straight from Yiwu", "B": "120 new bags under US$9"}


class Marketer(httpx.Client):
    """Goes from page to page, each form with the version that the page showed."""

    def fill(self, path: str, **fields: str) -> str:
        """Post a page's form; gives where it leads."""
        shown = self.get(path).text
        version = re.search(r'name="version" value="(\d+)"', shown)
        answer = self.post(path, data=fields | ({"version": version[1]} if version else {}))
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]


@pytest.mark.journey
def test_from_a_name_to_what_it_caused(service: str, engine: Engine) -> None:
    with transaction(engine) as session:
        now = SystemClock().now()
        add_people(session, PEOPLE, now)
        token = open_session(session, account_by_email(session, "marketer@example.com").id, now)
    with Marketer(base_url=service, cookies={session_cookie(): token}, timeout=60) as marketer:
        step = marketer.fill("/campaigns/new", name="Winter bags", side="buyer")
        assert step.endswith("/audience")
        everybody = {"c.group": "all", "holdout_percent": "20"}
        assert marketer.fill(step, **everybody).endswith("/message")
        path = step.removesuffix("/audience")
        assert marketer.fill(f"{path}/message", message="welcome_buyer").endswith("/experiment")
        arms = {f"subject_{name}_en": subject for name, subject in SUBJECTS.items()}
        shares = {f"share_{name}": "50" for name in SUBJECTS}
        rule = {"outcome": "click", "horizon_days": "3", "rule": "sequential", "test_percent": "100"}
        size = {"arms": "2", "base_rate": "10", "smallest_effect": "5"}
        experiment = size | arms | shares | rule
        assert marketer.fill(f"{path}/experiment", **experiment).endswith("/review")
        review = marketer.get(f"{path}/review?counted=true").text
        assert "Schedule " in review
        assert "Nobody (hold-out)" in review
        marketer.fill(f"{path}/schedule", kind="once", when="now", mode="at_once")
        until(lambda: count(engine, select(func.count()).where(Campaign.state == "sent")) == 1)
        held_out = count(engine, select(func.count()).where(Exclusion.reason == "holdout"))
        assert 0 < held_out < PEOPLE / 2
        mail = messages(os.environ["GROWTH_SENDGRID_URL"])
        assert Counter(one["to"] for one in mail) == Counter({one["to"]: 1 for one in mail})
        assert len(mail) == PEOPLE - held_out
        assert {one["subject"] for one in mail} == set(SUBJECTS.values())
        done = select(func.count()).where(Delivery.clicked_at.is_not(None) | Delivery.scanner_clicked_at.is_not(None))
        until(lambda: count(engine, done) > 0)
        growth("job", "run", "decide_experiments")
        until(lambda: "Version A" in marketer.get(path).text or SUBJECTS["A"] in marketer.get(path).text)
        report = marketer.get(path).text
        for words in ("Experiment", "What sending truly caused", "Left out", "Held out"):
            assert words in report
