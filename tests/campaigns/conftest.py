"""Fixtures: a pretend SendGrid that the settings point at, and a worker."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.settings import settings
from tests.campaigns.sending import Worker, set_up
from tests.sandbox.running import Running, leading_to, sandbox


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Running]:
    """The pretend SendGrid; the settings lead there, with short waits."""
    short = {"GROWTH_SENDGRID_TIMEOUT_SECONDS": "1", "GROWTH_BASE_URL": "https://growth.example"}
    with sandbox(tmp_path) as running, leading_to(running, **short):
        yield running


@pytest.fixture
def worker(engine: Engine, clock: FixedClock) -> Worker:
    """A worker on a product that is set up."""
    with transaction(engine) as session:
        set_up(session, clock.now())
    return Worker(engine, clock)


@pytest.fixture
def webhook() -> Iterator[None]:
    """An event webhook is set."""
    os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"] = "a key"
    settings.cache_clear()
    yield
    del os.environ["GROWTH_SENDGRID_WEBHOOK_KEY"]
    settings.cache_clear()
