"""Roll-ups of a market with known truth: seven countries, of whose registrations a channel causes a part."""

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from growth.database.workspace import Workspace
from growth.measurement.records import ChannelDay
from tests.conftest import NOON

TODAY = NOON.date()
SIZES = {"RU": 60, "US": 40, "BR": 30, "ES": 12, "KZ": 10, "MX": 8, "FR": 6, "PL": 5, "CL": 4, "AO": 0.3, "": 5}
"""Registrations a day; of some nobody knows the country."""


def workspace(session: Session) -> None:
    sender = {"sender_name": "Makers", "sender_email": "hello@makers.example"}
    session.add(Workspace(name="Makers", time_zone="UTC", currency="USD", set_up_at=NOON, **sender))
    session.flush()


def fill(
    session: Session, first: date, days: int, *, seed: int = 1, effect: float = 0.0, off: Collection[str] = ()
) -> None:
    """Days of all countries: two channels that say they brought them, and what one of them costs."""
    dice = np.random.default_rng(seed)
    rows = []
    for number in range(days):
        day = first + timedelta(days=number)
        season = 1 + 0.2 * np.sin(day.toordinal() / 58) + 0.15 * (day.weekday() < 5)
        for country, size in SIZES.items():
            rests = country in off
            came = int(dice.poisson(size * season * (1 - effect if rests else 1)))
            mine = 0 if rests else came // 3
            cost = 0 if rests else int(size * 200)
            for channel, acquired, spent in (("paid_search", mine, cost), ("seo", came - mine, 0)):
                rows.append(
                    {"day": day, "side": "buyer", "channel": channel, "country": country,
                     "acquired": acquired * 1_000_000, "orders": acquired * 500_000, "cost_minor": spent}
                )  # fmt: skip
    for start in range(0, len(rows), 5000):
        session.execute(insert(ChannelDay).values(rows[start : start + 5000]))  # one statement, so added up once
