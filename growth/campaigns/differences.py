"""Two people at one draft: what the later of them would overwrite."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from growth.campaigns.records import Campaign
from growth.errors import ConflictError
from growth.locales import N_


@dataclass(frozen=True)
class Difference:
    """A field that somebody else saved otherwise meanwhile."""

    field: str
    mine: Any
    theirs: Any


class ChangedError(ConflictError):
    """Somebody saved the draft first; `differences` says what a save would overwrite, `version` is the newest."""

    def __init__(self, differences: tuple[Difference, ...], version: int) -> None:
        super().__init__(
            N_("Somebody else has saved this campaign meanwhile."), remedy=N_("Compare, and keep theirs or yours.")
        )
        self.differences = differences
        self.version = version


def compare(campaign: Campaign, wanted: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields in which a draft isn't as wanted."""
    stored = {field: getattr(campaign, field) for field in wanted}
    return tuple(Difference(field, wanted[field], stored[field]) for field in wanted if wanted[field] != stored[field])
