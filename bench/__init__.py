"""Measurements, each beside what it is measured against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measurement of ours, and the peer's (or limit's) in the same unit, taken in the same run."""

    name: str
    ours: float
    unit: str
    peer_name: str
    peer: float
    limit_ratio: float = 1.0
    """How large ours / peer may be; with `more_is_better`, how small."""
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours by the peer's."""
        return self.ours / self.peer if self.peer else float("inf")

    @property
    def reached(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.ratio >= self.limit_ratio if self.more_is_better else self.ratio <= self.limit_ratio
