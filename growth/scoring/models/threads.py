"""Fitting and asking in one thread."""

from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Keep scikit-learn to one thread inside.

    Two are hardly faster here, and where others want the processor too they wait for each other, spinning, at each of
    a thousand small steps: 16 minutes instead of 20 seconds were seen.
    """
    limited: AbstractContextManager[object] = _pools().limit(limits=1)
    return limited


@cache
def _pools() -> "ThreadpoolController":
    """Looking for them takes longer than asking a model."""
    import sklearn.ensemble  # noqa: F401, PLC0415 - heavy; its libraries have to be there to be held back
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - comes with scikit-learn

    return ThreadpoolController()
