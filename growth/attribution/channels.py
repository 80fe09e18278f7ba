"""The acquisition channels of both sides, in the order every page shows them."""

from dataclasses import dataclass

from growth.locales import N_

SIDES = ("buyer", "seller")
DIRECT = "direct"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Channel:
    """One way by which buyers or sellers come to us."""

    key: str
    label: str


CHANNELS: dict[str, tuple[Channel, ...]] = {
    "buyer": (
        Channel("parent_referral", N_("Parent-site referral")),
        Channel("seo", N_("Search (SEO)")),
        Channel("paid_search", N_("Paid search")),
        Channel("affiliates", N_("Affiliates")),
        Channel("email", N_("Permission e-mail")),
    ),
    "seller": (
        Channel("members", N_("Existing members")),
        Channel("competitors", N_("Competitors' sellers")),
        Channel("online", N_("Online methods")),
        Channel("offline", N_("Trade fairs and field sales")),
    ),
}

UNCREDITED = (Channel(OTHER, N_("Other sites")), Channel(DIRECT, N_("No channel known")))
"""What stands below the channels: visits from elsewhere, and conversions without any touch."""


def keys(side: str) -> tuple[str, ...]:
    """All keys that a touch or credit of this side may carry, the channels first."""
    return tuple(channel.key for channel in (*CHANNELS[side], *UNCREDITED))


def labels(side: str) -> dict[str, str]:
    """Key to translatable label, in the order pages show them."""
    return {channel.key: channel.label for channel in (*CHANNELS[side], *UNCREDITED)}
