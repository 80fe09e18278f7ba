"""Who gets which arm: by hash, so that it is the same on every server and needs no table; in SQL and in Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate
from typing import Any

WHOLE = 10_000
"""Shares of arms are in ten-thousandths of those who take part."""


@dataclass(frozen=True)
class Arm:
    """One thing that is compared; `share` in ten-thousandths, `changes` as in `ExperimentArm`."""

    name: str
    share: int
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str | None:
        """Another message than the campaign's."""
        return self.changes.get("message")

    @property
    def hour(self) -> int | None:
        """Another hour, each recipient's own; 0 to 23."""
        return self.changes.get("hour")

    def words_in(self, locale: str) -> dict[str, str]:
        """What is said otherwise in a language, {"subject": …, "preheader": …}; for `compile_message(changes=…)`."""
        found = {"subject": self.changes.get("subjects", {}), "preheader": self.changes.get("preheaders", {})}
        return {part: texts[locale] for part, texts in found.items() if texts.get(locale)}


# Bytes 0-2 of the digest are the hold-out's. Three bytes are as good as equal for ten-thousandths.
_DRAWN = "(get_byte(digest, {0}) * 65536 + get_byte(digest, {1}) * 256 + get_byte(digest, {2}))"
_ARM = _DRAWN.format(3, 4, 5) + f" % {WHOLE}"
_TAKES_PART = _DRAWN.format(6, 7, 8) + " % 100"


def arm_sql(arms: Sequence[Arm], test_percent: int = 100) -> tuple[str, dict[str, Any]]:
    """The arm's name as SQL over `digest` (SHA-256 of "campaign:person"); null for those who wait for the winner.

    Gives the expression, and its values by bind name. `Setup.arm_sql` knows when an experiment is decided.
    """
    bounds = [0, *accumulate(arm.share for arm in arms)][:-1]
    values = {
        "experiment_arms": [arm.name for arm in arms],
        "experiment_bounds": bounds,
        "experiment_test_percent": test_percent,
    }
    place = f"width_bucket({_ARM}, cast(:experiment_bounds as int[]))"
    expression = f"""
        case when {_TAKES_PART} < :experiment_test_percent then (cast(:experiment_arms as text[]))[{place}] end
    """
    return expression, values


def arm_of(campaign: int, person: int, arms: Sequence[Arm], test_percent: int = 100) -> str | None:
    """The same in Python."""
    digest = sha256(f"{campaign}:{person}".encode()).digest()
    if _drawn(digest, 6) % 100 >= test_percent:
        return None
    place = _drawn(digest, 3) % WHOLE
    upper = zip(arms, accumulate(arm.share for arm in arms), strict=True)
    return next(arm.name for arm, bound in upper if place < bound)


def _drawn(digest: bytes, first: int) -> int:
    return int.from_bytes(digest[first : first + 3], "big")
