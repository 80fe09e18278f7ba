"""What is foretold of a lead: which end, on which side, within how long of the first contact."""

from dataclasses import dataclass
from datetime import timedelta

from growth.errors import NotFoundError
from growth.locales import N_


@dataclass(frozen=True)
class Target:
    """An end worth foretelling.

    Args:
        key: how records name it.
        name: for people.
        side: buyer or seller.
        horizon: how long after first contact it counts; younger leads have no label yet.
        prior: the share thought to reach it before anything was seen.
        ages: how old leads are looked at while learning, since open leads of any age are scored.
    """

    key: str
    name: str
    side: str
    horizon: timedelta
    prior: float
    ages: tuple[timedelta, ...]


SELLER_WON_90D = Target(
    key="seller_won_90d",
    name=N_("Sellers won within 90 days of the first contact"),
    side="seller",
    horizon=timedelta(days=90),
    prior=0.1,
    ages=(timedelta(0), timedelta(days=7), timedelta(days=30)),
)

TARGETS = {target.key: target for target in (SELLER_WON_90D,)}


def find_target(key: str) -> Target:
    """The target of a key. Raises NotFoundError."""
    if key not in TARGETS:
        raise NotFoundError(N_("There is no scoring target “%(key)s”."), key=key)
    return TARGETS[key]
