"""The settings as a table: for the documentation, and with their present values for the console."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from growth.settings import Settings

HEADER = """# Settings

Every setting is an environment variable, or a line of a file called `.env` in the folder growth is started from; the
environment wins. Options of a command (`growth run --port 9000`) win over both. `growth settings` shows the present
values, `growth doctor` whether they work.

This page is made by `make docs` from `growth/settings.py`.

"""


@dataclass(frozen=True)
class Line:
    """One setting."""

    variable: str
    default: str
    present: str
    meaning: str


def lines(present: Settings) -> Iterator[Line]:
    """Every setting in the order of the class, secrets hidden."""
    for name, field in Settings.model_fields.items():
        value = getattr(present, name)
        if name == "database_url" and value is not None:
            value = _without_password(value)
        yield Line(f"GROWTH_{name.upper()}", _default(field), _shown(value), field.description or "")


def markdown() -> str:
    """The page `docs/settings.md`."""
    defaults = Settings.model_construct()
    rows = [f"| `{line.variable}` | {_code(line.default)} | {line.meaning} |" for line in lines(defaults)]
    return HEADER + "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows]) + "\n"


def _default(field: FieldInfo) -> str:
    return _shown(field.get_default(call_default_factory=True))


def _shown(value: object) -> str:
    if value is None:
        return ""
    return "(set)" if isinstance(value, SecretStr) else str(value)


def _without_password(url: str) -> str:
    """A database's address as it may be shown; of one that can't be read only that it is set."""
    try:
        shown = make_url(url).difference_update_query(["password", "sslpassword"])
    except (ArgumentError, ValueError):
        return "(set)"
    return shown.render_as_string(hide_password=True)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
