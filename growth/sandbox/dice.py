"""Chance that can be repeated: the same seed and question always give the same answer."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")
_SIXTEEN = struct.Struct("<16I")


@dataclass(frozen=True)
class Dice:
    """Answers that look like chance; each hangs on the seed and on what it is asked `of`, and on no other answer."""

    seed: str

    def share(self, *of: object) -> float:
        """A number from 0 up to, but not including, 1."""
        return int.from_bytes(self._digest(8, of)[:7]) / 2**56

    def sixteen(self, *of: object) -> tuple[float, ...]:
        """Sixteen such numbers for the work of one, to a precision of a four-billionth."""
        return tuple([number / 2**32 for number in _SIXTEEN.unpack(self._digest(64, of))])

    def happens(self, probability: float, *of: object) -> bool:
        """Whether something of this probability happens."""
        return self.share(*of) < probability

    def between(self, low: float, high: float, *of: object) -> float:
        """A number between two others, all alike."""
        return low + (high - low) * self.share(*of)

    def waiting(self, mean: float, longest: float, *of: object) -> float:
        """Seconds until something that may come at any moment (exponential), cut off at `longest`."""
        return min(longest, -mean * math.log(1 - self.share(*of)))

    def around(self, median: float, spread: float, *of: object) -> float:
        """A positive number around `median`, mostly within a factor of e to the `spread` (log-normal)."""
        # Box and Muller's transform of two even numbers to a normal one.
        radius = math.sqrt(-2 * math.log(1 - self.share("radius", *of)))
        return median * math.exp(spread * radius * math.cos(2 * math.pi * self.share("angle", *of)))

    def one_of(self, choices: Sequence[T], *of: object) -> T:
        """One of them, all alike."""
        return choices[int(self.share(*of) * len(choices))]

    def pick(self, weights: Mapping[T, float], *of: object) -> T:
        """One of the keys, by their weights."""
        left = self.share(*of) * sum(weights.values())
        for choice, weight in weights.items():
            left -= weight
            if left < 0:
                return choice
        return next(reversed(list(weights)))

    def uuid(self, *of: object) -> UUID:
        """An id."""
        return UUID(bytes=self._digest(16, of), version=4)

    def _digest(self, size: int, of: tuple[object, ...]) -> bytes:
        return blake2b("\n".join(map(str, of)).encode(), digest_size=size, key=self.seed.encode()[:64]).digest()
