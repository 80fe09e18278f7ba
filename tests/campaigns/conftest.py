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
from tests.sandbox.running import Running, sandbox


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Running]:
    """The pretend SendGrid; the settings lead there, with short waits."""
    with sandbox(tmp_path) as running:
        given = {
            "GROWTH_SENDGRID_URL": running.url,
            "GROWTH_SENDGRID_API_KEY": running.key,
            "GROWTH_SENDGRID_WEBHOOK_KEY": running.webhook_key,
            "GROWTH_SENDGRID_TIMEOUT_SECONDS": "1",
            "GROWTH_BASE_URL": "https://growth.example",
        }
        os.environ.update(given)
        settings.cache_clear()
        yield running
        for name in given:
            del os.environ[name]
        settings.cache_clear()


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
