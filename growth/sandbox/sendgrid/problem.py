"""One thing that is wrong with a request, as SendGrid's error bodies carry it."""

from collections.abc import Iterable
from dataclasses import dataclass

_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and in which field: `personalizations.0.to.3.email`, or None for the request as a whole."""

    message: str
    field: str | None

    def body(self) -> dict[str, str | None]:
        """One entry of `errors`."""
        if self.field is None:
            return {"message": self.message, "field": None, "help": None}
        named = ".".join(part for part in self.field.split(".") if not part.isdigit())
        return {"message": self.message, "field": self.field, "help": f"{_HELP}#message.{named}"}


def error_body(problems: Iterable[Problem]) -> dict[str, object]:
    """The body of an answer that refuses."""
    return {"errors": [problem.body() for problem in problems]}
