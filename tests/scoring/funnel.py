"""Seller leads in the database: those of search close more often than those of fairs, and faster."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from growth.leads.records import Lead

SHARES = {"search": 0.35, "fair": 0.08, "referral": 0.2}
REVERSED = {"search": 0.08, "fair": 0.35, "referral": 0.2}


def add_leads(
    session: Session,
    now: datetime,
    count: int,
    *,
    oldest: int = 400,
    newest: int = 0,
    seed: int = 0,
    shares: Mapping[str, float] = SHARES,
) -> None:
    """`count` leads contacted between `oldest` and `newest` days ago, won by the shares of their origin."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        origin = str(random.choice(list(shares)))
        contacted = now - timedelta(days=float(random.uniform(newest, oldest)))
        won = contacted + timedelta(days=float(random.exponential(20)))
        is_won = bool(random.random() < shares[origin]) and won <= now
        lost = contacted + timedelta(days=200)
        rows.append(
            {
                "side": "seller",
                "source": f"test {seed}",
                "source_key": str(number),
                "name": f"Lead {number}",
                "channel": "online",
                "facts": {"origin": origin, "landing_page": f"page {random.integers(0, 5)}"},
                "stage": "first_sale" if is_won else "contacted",
                "contacted_at": contacted,
                "won_at": won if is_won else None,
                "closed_at": won if is_won else lost if lost <= now else None,
                "created_at": contacted,
            }
        )
    session.execute(insert(Lead), rows)
    session.flush()
