"""Attribution models: how a conversion is shared among the touches before it. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import lcm
from uuid import UUID

from growth.attribution.channels import DIRECT
from growth.locales import N_
from growth.money import split

LAST_TOUCH = "last_touch:1"
"""The name, in the ledger, of last contact with the windows below: what counts until another model is adopted."""
WHOLE = 1_000_000
LAST, FIRST, LAST_NON_DIRECT, LINEAR = "last", "first", "last-non-direct", "linear"
POSITION, TIME_DECAY, MARKOV, SHAPLEY = "position", "time-decay", "markov", "shapley"
ORDERS = (1, 2, 3)
"""Of Markov: so many contacts back are looked at."""

MODELS = {
    LAST: N_("Last contact"),
    FIRST: N_("First contact"),
    LINEAR: N_("Equal parts"),
    POSITION: N_("First and last most (40/20/40)"),
    TIME_DECAY: N_("The later, the more"),
    MARKOV: N_("What would be lost (Markov)"),
    SHAPLEY: N_("Fair shares (Shapley)"),
    LAST_NON_DIRECT: N_("Last contact that is not direct"),
}
"""What people may choose. A direct visit is no contact here, so the first and the last differ only in files."""

HALF_LIFE_DAYS = 7
"""Of time decay, as Google Analytics had it."""

_FINE = 1 << 40
_NO_CHANNEL = frozenset({"direct", "(direct)", "(none)", "none", "(direct) / (none)"})


@dataclass(frozen=True, slots=True)
class Contact:
    """A touch as a model sees it."""

    touch_id: int
    occurred_at: datetime
    channel: str
    kind: str
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Share:
    """A channel's part of one conversion: `share` in millionths, `value_minor` in minor units."""

    touch_id: int | None
    channel: str
    share: int
    value_minor: int


def weights(
    model: str, channels: Sequence[str], ages: Sequence[float], effects: Mapping[str, int] | None = None
) -> list[int]:
    """The weight of each contact of a path under a model, whole numbers, not all nothing.

    `channels` are those of the contacts, the first contact first. `ages` says how many half-lives before the
    conversion each was, for time decay alone. `effects` are the removal effects, for Markov alone.
    """
    count = len(channels)
    if model == LINEAR:
        return [1] * count
    if model == POSITION:
        return [2 * (count - 2), *[1] * (count - 2), 2 * (count - 2)] if count > 2 else [1] * count
    if model == TIME_DECAY:
        return [max(1, round(_FINE * 2.0 ** (min(ages) - age))) for age in ages]
    if model in {MARKOV, SHAPLEY}:
        return _by_channel(channels, (effects or {}) if model == MARKOV else dict.fromkeys(channels, 1))
    return [int(place == _chosen(model, channels)) for place in range(count)]


def _chosen(model: str, channels: Sequence[str]) -> int:
    if model == FIRST:
        return 0
    if model == LAST_NON_DIRECT:
        known = (place for place, name in enumerate(channels) if name.lower() not in _NO_CHANNEL)
        return max(known, default=len(channels) - 1)
    return len(channels) - 1


def _by_channel(channels: Sequence[str], effects: Mapping[str, int]) -> list[int]:
    """Each channel's weight in equal parts over its contacts; in equal parts over all when no channel weighs anything.

    For Shapley every channel of the path weighs the same: with the worth of a group of channels being the conversions
    whose path has none but them, that is the Shapley value exactly, however many channels there are (Zhao, Mahboobi
    and Bagheri, "Shapley value methods for attribution modeling in online advertising", 2018).
    """
    times = Counter(channels)
    parts = lcm(*times.values())
    weighed = [effects.get(channel, 0) * parts // times[channel] for channel in channels]
    return weighed if any(weighed) else [1] * len(channels)


@dataclass(frozen=True, slots=True)
class Windows:
    """How long before a conversion a contact may stand and still be credited."""

    clicks: timedelta
    views: timedelta = timedelta(0)
    """Nothing when views earn nothing."""
    by_channel: Mapping[str, tuple[timedelta, timedelta]] | None = None
    """Clicks and views of channels that have windows of their own."""

    def of(self, channel: str, kind: str) -> timedelta:
        """The window of one kind of contact with a channel."""
        clicks, views = (self.by_channel or {}).get(channel, (self.clicks, self.views))
        return clicks if kind == "click" else views

    @property
    def longest(self) -> timedelta:
        """No contact before that counts."""
        return max(self.clicks, self.views, *(one for both in (self.by_channel or {}).values() for one in both))

    @property
    def with_views(self) -> bool:
        """Whether any view may be credited."""
        return self.views > timedelta(0) or any(views > timedelta(0) for _, views in (self.by_channel or {}).values())


WINDOWS = {"buyer": timedelta(days=30), "seller": timedelta(days=180)}
"""For clicks, by side, until somebody sets others."""


def path_before(contacts: Sequence[Contact], converted_at: datetime, windows: Windows) -> list[Contact]:
    """The contacts to be credited, the earliest first: clicks inside their window, or views when there was no click.

    Of two at the same moment the ids of their events decide, so that the answer never depends on which arrived first.
    """
    inside = [
        one for one in contacts
        if converted_at - windows.of(one.channel, one.kind) < one.occurred_at <= converted_at
    ]  # fmt: skip
    clicks = [one for one in inside if one.kind == "click"]
    return sorted(clicks or inside, key=lambda one: (one.occurred_at, one.event_id))


@dataclass(frozen=True, slots=True)
class Model:
    """A model with all that it needs to share one conversion."""

    key: str
    windows: Windows
    half_life: timedelta = timedelta(days=HALF_LIFE_DAYS)
    effects: Mapping[str, int] | None = None
    """Markov: channel → removal effect in millionths."""

    def share(self, contacts: Sequence[Contact], converted_at: datetime, value_minor: int) -> list[Share]:
        """Parts that sum to 1,000,000 and to the value; all to `direct` when there is no contact to credit."""
        path = path_before(contacts, converted_at, self.windows)
        if not path:
            return shares([(None, DIRECT, 1)], value_minor)
        ages = [(converted_at - one.occurred_at) / self.half_life for one in path]
        weighed = weights(self.key, [one.channel for one in path], ages, self.effects)
        told = zip(path, weighed, strict=True)
        return shares([(one.touch_id, one.channel, weight) for one, weight in told if weight], value_minor)


def shares(weighted: Sequence[tuple[int | None, str, int]], value_minor: int) -> list[Share]:
    """Shares from (touch, channel, integer weight): they sum to 1,000,000 and to the value exactly."""
    weights = [weight for _, _, weight in weighted]
    parts = zip(weighted, split(WHOLE, weights), split(value_minor, weights), strict=True)
    return [Share(touch_id, channel, share, value) for (touch_id, channel, _), share, value in parts]
