"""Errors that say what the caller can do. HTTP status codes appear only in `growth/web/`."""

from collections.abc import Mapping


class GrowthError(Exception):
    """An error with a sentence for people.

    Args:
        message: a translatable sentence with `%(name)s` places, marked with `N_` where it is written.
        values: what stands in those places.
        remedy: a translatable sentence that says what to do, where there is something to do.
    """

    def __init__(self, message: str, *, remedy: str | None = None, **values: object) -> None:
        super().__init__(message, values)
        self.message = message
        self.remedy = remedy
        self.values: Mapping[str, object] = values

    def __str__(self) -> str:
        """The English sentence, remedy included."""
        sentence = f"{self.message} {self.remedy}" if self.remedy else self.message
        return sentence % self.values if self.values else sentence.replace("%%", "%")


class TransientError(GrowthError):
    """Trying again later may work: a time-out, 429, 5xx. `retry_after` in seconds when the other side said so."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, remedy: str | None = None, **values: object
    ) -> None:
        super().__init__(message, remedy=remedy, **values)
        self.retry_after = retry_after


class PermanentError(GrowthError):
    """Trying the same thing again can't work until somebody changes something."""


class RefusedError(GrowthError):
    """A rule of ours or a role forbids it."""


class NotFoundError(GrowthError):
    """There is no such thing, or it isn't yours to see."""


class ConflictError(GrowthError):
    """Somebody else changed it first."""


class InvalidError(GrowthError):
    """Input that can't be accepted; `field` names which."""

    def __init__(self, field: str, message: str, *, remedy: str | None = None, **values: object) -> None:
        super().__init__(message, remedy=remedy, **values)
        self.field = field
