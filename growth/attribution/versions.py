"""Which model counts for which conversion: those adopted, each from a moment on, and the default before them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.attribution.channels import SIDES
from growth.attribution.models import HALF_LIFE_DAYS, LAST, LAST_TOUCH, WINDOWS, Model, Windows
from growth.attribution.records import AttributionVersion

DEFAULTS = {side: Model(LAST, Windows(WINDOWS[side])) for side in SIDES}


@dataclass(frozen=True, slots=True)
class Adopted:
    """A model, the name by which credits say that it made them, and since when conversions are credited by it."""

    name: str
    model: Model
    since: datetime | None = None
    """None for the default, which counts for whatever came before."""


@dataclass(frozen=True)
class Versions:
    """All that were adopted, by side, the newest first, the default last."""

    by_side: Mapping[str, Sequence[Adopted]]

    def at(self, side: str, moment: datetime) -> Adopted:
        """What counts for a conversion of that moment."""
        return next(one for one in self.by_side[side] if one.since is None or one.since <= moment)

    def longest(self, side: str) -> timedelta:
        """Further back than any window of the side."""
        return max(one.model.windows.longest for one in self.by_side[side])

    @property
    def reach(self) -> dict[str, timedelta]:
        """The longest window of each side, as statements are given it."""
        return {side: self.longest(side) for side in self.by_side}

    @property
    def kinds(self) -> list[str]:
        """Kinds of touches that any of them may credit."""
        views = any(one.model.windows.with_views for ones in self.by_side.values() for one in ones)
        return ["click", "view"] if views else ["click"]


def read_versions(session: Session) -> Versions:
    """What counts now, and what counted before."""
    found = session.scalars(select(AttributionVersion).order_by(AttributionVersion.number.desc())).all()
    return Versions({side: [*(_adopted(one) for one in found if one.side == side), _default(side)] for side in SIDES})


def _adopted(row: AttributionVersion) -> Adopted:
    return Adopted(f"{row.model}:{row.number}", model_of(row.model, row.settings), row.effective_from)


def _default(side: str) -> Adopted:
    return Adopted(LAST_TOUCH, DEFAULTS[side])


def model_of(key: str, settings: Mapping[str, Any]) -> Model:
    """A model from its settings as `AttributionVersion` keeps them."""
    days = {
        name: (timedelta(days=clicks), timedelta(days=views))
        for name, (clicks, views) in settings.get("channels", {}).items()
    }
    windows = Windows(timedelta(days=settings["clicks"]), timedelta(days=settings["views"]), days)
    half_life = timedelta(days=settings.get("half_life") or HALF_LIFE_DAYS)
    return Model(key, windows, half_life, settings.get("effects"))
