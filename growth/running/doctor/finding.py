"""One finding of the doctor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How bad it is. Only FAILED makes the doctor's exit status 1."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and the remedy where there is something to do."""

    check: str
    state: State
    sentence: str
    remedy: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def says(self) -> str:
        """The English sentence."""
        return self.sentence % self.values if self.values else self.sentence

    @property
    def advises(self) -> str:
        """The English remedy; empty where there is none."""
        return self.remedy % self.values if self.values else self.remedy
