"""How far a lead has come, how a call went, and why a lead is lost: the closed lists and their words."""

from growth.locales import N_

STAGES = {
    "contacted": N_("contacted"),
    "qualified": N_("qualified"),
    "applied": N_("applied"),
    "verified": N_("verified"),
    "shop_open": N_("shop open"),
    "first_listing": N_("first listing"),
    "first_sale": N_("first sale"),
    "lost": N_("lost"),
}
"""In the order of the way; `lost` stands beside it."""

OPEN_STAGES = ("contacted", "qualified", "applied", "verified")
WON_STAGES = ("shop_open", "first_listing", "first_sale")
"""From an open shop on a seller is won."""
LOST = "lost"

OUTCOMES = {
    "reached": N_("Reached"),
    "no_answer": N_("No answer"),
    "call_back": N_("Call back"),
    "interested": N_("Interested"),
    "not_interested": N_("Not interested"),
    "wrong_number": N_("Wrong number"),
}

REASONS = {
    "not_interested": N_("Not interested"),
    "never_reached": N_("Never reached"),
    "wrong_contact": N_("Wrong contact"),
    "sells_elsewhere": N_("Stays with another marketplace"),
    "not_eligible": N_("Can't be verified"),
    "duplicate": N_("Known already"),
}
"""Why a lead is lost."""
