"""The steps of both sides, in the order of the way; the sides have none in common."""

from growth.locales import N_

STEPS = {
    "buyer": {
        "visited": N_("Visited"),
        "subscribed": N_("Subscribed"),
        "registered": N_("Registered"),
        "first_order": N_("First order"),
        "repeat_order": N_("Ordered again"),
    },
    "seller": {
        "contacted": N_("Contacted"),
        "qualified": N_("Qualified"),
        "applied": N_("Applied"),
        "verified": N_("Verified"),
        "shop_open": N_("Shop open"),
        "first_listing": N_("First listing"),
        "first_sale": N_("First sale"),
    },
}
"""Side to step to its name, translatable."""
KINDS = {
    "buyer": {
        "subscription": "subscribed",
        "registration": "registered",
        "first_order": "first_order",
        "order": "repeat_order",
    },
    "seller": {"shop_open": "shop_open", "first_order": "first_sale"},
}
"""Side to the kind of a conversion to the step it is."""
ACQUIRED = {"buyer": "registered", "seller": "shop_open"}
ORDERED = {"buyer": "first_order", "seller": "first_sale"}
TELLING = ("registration", "shop_open", "first_order", "subscription")
"""Whose credit says by which channel somebody came, the first of these that there is."""


def place_of(side: str, step: str) -> int:
    """Which step it is, from 1."""
    return list(STEPS[side]).index(step) + 1
