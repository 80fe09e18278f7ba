"""Fixtures: a pretend SendGrid, a worker on a product that is set up, and accounts."""

from tests.campaigns.conftest import mail, worker

__all__ = ["mail", "worker"]
