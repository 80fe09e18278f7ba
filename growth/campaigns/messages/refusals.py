"""What is said of a message that can't be put together: which file, which line, and why."""

from jinja2 import TemplateError

from growth.errors import InvalidError
from growth.locales import N_


class Refusal(TemplateError):  # noqa: N818 - it never leaves the message that is being put together
    """A rule of the messages' language, met while one is put together; a sentence marked with `N_`."""

    def __init__(self, sentence: str, *, line: int | None = None, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line
        self.values = values


class MessageError(InvalidError):
    """A message that can't be put together; it says which file, which line where that is known, and why."""

    def __init__(self, name: str, file: str, reason: str | Refusal, line: int | None = None) -> None:
        values = dict(reason.values) if isinstance(reason, Refusal) else {"reason": _short(reason)}
        sentence = reason.sentence if isinstance(reason, Refusal) else N_("It can't be put together: %(reason)s.")
        super().__init__(
            "message",
            sentence,
            remedy=N_("Correct line %(line)s of %(file)s in the message “%(message_name)s”.")
            if line
            else N_("Correct %(file)s in the message “%(message_name)s”."),
            **values,
            message_name=name[:80],
            file=file,
            line=line,
        )
        self.file = file
        self.line = line


def _short(reason: str) -> str:
    return reason.strip().rstrip(".")[:300]
