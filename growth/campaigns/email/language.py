"""The language messages are written in: Jinja, kept so small that no message can take long or reach anything.

No macros, no multiplication, no globals but ours, loops at most two deep: a message's length bounds what it costs.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from growth.campaigns.email.personal import UNSUBSCRIBE, link_tag, tag
from growth.errors import InvalidError
from growth.locales import N_, translations

LARGEST_SOURCE = 200_000
LARGEST_RESULT = 500_000
SECONDS = 2.0
_FILTERS = frozenset({"default", "e", "escape", "join", "length", "lower", "title", "trim", "upper"})
_FORBIDDEN = (nodes.Macro, nodes.CallBlock, nodes.Import, nodes.FromImport, nodes.Extends, nodes.FilterBlock)
_DEEPEST_LOOP = 2


class MessageError(InvalidError):
    """A message that can't be put together; it says which file and why."""

    def __init__(self, message: str, file: str, reason: str) -> None:
        super().__init__(
            "message",
            N_("The message “%(name)s” can't be put together: %(reason)s."),
            remedy=N_("Correct its file %(file)s."),
            name=message,
            reason=reason[:300],
            file=file,
        )


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, _context: object, operator: str, _left: object, _right: object) -> Any:
        raise SecurityError(f"“{operator}” is not for messages")

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > LARGEST_SOURCE:
            raise SecurityError("it is too long")
        parsed = super()._parse(source, name, filename)
        for forbidden in parsed.find_all(_FORBIDDEN):
            raise SecurityError(f"“{type(forbidden).__name__.lower()}” is not for messages")
        if _loops(parsed) > _DEEPEST_LOOP:
            raise SecurityError("its loops are more than two deep")
        return parsed


def _loops(node: nodes.Node) -> int:
    inner = max(map(_loops, node.iter_child_nodes()), default=0)
    if isinstance(node, nodes.For) and node.recursive:
        return _DEEPEST_LOOP + 1
    return inner + isinstance(node, nodes.For)


def _environment(folder: Path, *, html: bool) -> _Environment:
    made = _Environment(
        loader=FileSystemLoader(folder),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


class Rendering:
    """One message in one locale: its texts, and the links met in them so far."""

    def __init__(self, folder: Path, message: str, locale: str, values: Mapping[str, Any]) -> None:
        self._folder = folder
        self._message = message
        self._locale = locale
        self._values = values
        self.links: list[str] = []
        self._until = time.monotonic() + SECONDS

    def link(self, destination: str) -> str:
        """The tag of a personal link; the same destination is the same link. Only http and https lead anywhere."""
        if not destination.startswith(("https://", "http://")):
            raise SecurityError(f"“{destination[:80]}” is no web address")
        if destination not in self.links:
            self.links.append(destination)
        return link_tag(self.links.index(destination))

    def render(self, file: str, **values: str) -> str:
        """A file of the message with everything but its personal places filled in. Raises MessageError."""
        html = file.endswith((".mjml", ".html"))
        environment = _environment(self._folder, html=html)
        suffix = "" if html else "_text"
        places = {place: tag(f"{place}{suffix}") for place in ("greeting", "sender_name", "postal_address")}
        context = {
            **self._values,
            **places,
            **values,
            "_": _translator(self._locale, html=html),
            "link": self.link,
            "locale": self._locale.replace("_", "-"),
            "unsubscribe": UNSUBSCRIBE,
        }
        try:
            return "".join(self._bounded(environment.get_template(f"{self._message}/{file}").generate(context)))
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise MessageError(self._message, file, str(error) or type(error).__name__) from error

    def _bounded(self, pieces: Iterator[str]) -> Iterator[str]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > LARGEST_RESULT or time.monotonic() > self._until:
                raise SecurityError("it gets too long or takes too long")
            yield piece


def _translator(locale: str, *, html: bool) -> Callable[..., str]:
    def translated(sentence: str, **values: object) -> str:
        text: str = translations(locale).gettext(sentence)
        made = Markup(text) if html else text  # noqa: S704 - catalogues are ours; values are escaped
        return made % values if values else made.replace("%%", "%")

    return translated
