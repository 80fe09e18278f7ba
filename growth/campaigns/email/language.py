"""The language messages are written in: a Jinja so small that no message can take long or reach anything.

Only what stands on the lists below is there. Nothing can be kept, so nothing can be doubled again and again; loops are
at most two deep and counted; functions are ours alone, so that no method of a text makes it endless. A message's length
bounds what it costs.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, TemplateError, TemplateNotFound, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from growth.campaigns.messages.refusals import MessageError, Refusal
from growth.campaigns.messages.variables import VARIABLES, nearest, with_fallback
from growth.locales import N_

LARGEST_SOURCE = 200_000
LARGEST_RESULT = 500_000
LONGEST_TEXT = 5_000
"""Of one text in a message; what is said of a text a thousand times is still small then."""
MOST_PARTS = 2_000
"""Of one file, as Jinja reads it; twenty times what the longest message has."""
SECONDS = 2.0

FIELDS = frozenset(
    {"title", "price", "image", "href", "quantity", "detail"}
    | {"index", "index0", "first", "last", "length"}
    | {part for key in VARIABLES for part in key.split(".")[1:]}
)
"""All that may be asked of anything with a dot."""
_FILTERS = frozenset({"default", "e", "escape", "length", "lower", "title", "trim", "upper"})
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Call, nodes.Keyword,
    nodes.Filter, nodes.Getattr, nodes.Getitem, nodes.For, nodes.If, nodes.Include, nodes.Concat, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.List, nodes.Tuple, nodes.Add, nodes.Sub,
)  # fmt: skip
_DEEPEST_LOOP = 2
_PLACES = re.compile(r"%(?:%|\((\w+)\)s)")


class Environment(ImmutableSandboxedEnvironment):
    """The language, for one message; `known` are the names it may use, `tick` is called in each round of a loop."""

    def __init__(self, loader: BaseLoader, known: frozenset[str], tick: Callable[[], None], *, html: bool) -> None:
        super().__init__(
            loader=loader,
            autoescape=html,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            optimized=False,
        )
        self.known = known
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {"fallback": with_fallback, "each round": lambda whole: _counted(whole, tick)}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > LARGEST_SOURCE:
            raise Refusal(N_("It is too long."))
        parsed = super()._parse(source, name, filename)
        if sum(1 for _ in _below(parsed)) > MOST_PARTS or any(
            not _fits(one.value) for one in parsed.find_all(nodes.Const)
        ):
            raise Refusal(N_("It is too long."))
        _check(parsed, frozenset() if name and name.startswith("blocks/") else self.known)
        for loop in parsed.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "each round", [], [], None, None, lineno=loop.lineno)
        return parsed


def _counted(whole: Any, tick: Callable[[], None]) -> Iterator[Any]:
    for one in whole:
        tick()
        if not _fits(one):
            raise Refusal(N_("It is too long."))
        yield one


def _fits(value: Any) -> bool:
    """Whether all texts in a value together are one that may be named again and again."""
    left, parts = LONGEST_TEXT, [value]
    while parts and left >= 0:
        part = parts.pop()
        left -= len(part) if isinstance(part, str) else 1
        if isinstance(part, Mapping):
            parts.extend(part.values())
        elif isinstance(part, list | tuple):
            parts.extend(part)
    return left >= 0


def _check(parsed: nodes.Template, known: frozenset[str]) -> None:
    """Raise Refusal for the first thing that isn't for messages. Without `known`, names are as they may."""
    own = {name.name for name in parsed.find_all(nodes.Name) if name.ctx != "load"} | {"loop"}
    if known and (taken := own & known):
        raise Refusal(N_("“%(what)s” is a name of ours; call it otherwise."), line=_first(parsed), what=min(taken))
    for node in _below(parsed):
        if not isinstance(node, _ALLOWED):
            raise Refusal(
                N_("“%(what)s” is not for messages."),
                line=getattr(node, "lineno", None),
                what=type(node).__name__.lower(),
            )
        if isinstance(node, nodes.Name) and known and node.name not in known | own:
            raise _unknown(node.name, known, node.lineno)
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            _check_part(node)
        if isinstance(node, nodes.Call):
            _check_call(node, own)
        if isinstance(node, nodes.For) and (node.recursive or _loops(node) > _DEEPEST_LOOP):
            raise Refusal(N_("Its loops are more than two deep."), line=node.lineno)


def _first(parsed: nodes.Template) -> int | None:
    return next((loop.lineno for loop in parsed.find_all(nodes.For)), None)


def _below(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _below(child)


def _unknown(name: str, known: frozenset[str], line: int) -> Refusal:
    return Refusal(
        N_("There is no “%(unknown)s”. The nearest there is is “%(nearest)s”."),
        line=line,
        unknown=name[:80],
        nearest=nearest(name, [*known, *VARIABLES]),
    )


def _check_part(node: nodes.Getattr | nodes.Getitem) -> None:
    part = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
    whole = node.node.name if isinstance(node.node, nodes.Name) else ""
    if any(key.startswith(f"{whole}.") for key in VARIABLES) and f"{whole}.{part}" not in VARIABLES:
        raise _unknown(f"{whole}.{part}", frozenset(), node.lineno)
    if not isinstance(part, int) and part not in FIELDS:
        raise Refusal(N_("“%(what)s” is not for messages."), line=node.lineno, what=str(part)[:80])


def _check_call(node: nodes.Call, own: set[str]) -> None:
    if not isinstance(node.node, nodes.Name) or node.node.name in own or node.dyn_args or node.dyn_kwargs:
        raise Refusal(N_("Only the functions of messages can be called."), line=node.lineno)
    if node.node.name == "_" and not (node.args and isinstance(getattr(node.args[0], "value", None), str)):
        raise Refusal(N_("A sentence in _(…) has to be written out."), line=node.lineno)


def _loops(node: nodes.Node) -> int:
    inner = max(map(_loops, node.iter_child_nodes()), default=0)
    return inner + isinstance(node, nodes.For)


class Files(BaseLoader):
    """A message's own file that is being put together, and the parts that all messages share."""

    def __init__(self, own: Mapping[str, str], shared: Path) -> None:
        self._own = own
        self._shared = shared
        self.root = ""

    def get_source(self, _environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Text and name; what is asked for by an include can only be shared."""
        if template == self.root and template in self._own:
            return self._own[template], template, lambda: True
        parts = Path(template).parts
        path = self._shared / template
        if len(parts) > 2 or ".." in parts or Path(template).is_absolute() or "\0" in template or not path.is_file():
            raise TemplateNotFound(template)
        if len(parts) == 2 and parts[0] != "blocks":
            raise TemplateNotFound(template)
        return path.read_text("utf-8"), template, lambda: True


def sentences(own: Mapping[str, str], name: str = "") -> list[str]:
    """Each sentence in `_(…)` of a message's files, once, in the order they come. Raises MessageError."""
    found: dict[str, None] = {}
    environment = Environment(Files({}, Path()), frozenset(), lambda: None, html=False)
    for file, text in own.items():
        if file.endswith(".json"):
            continue
        with speaking_of(name, file):
            parsed = environment.parse(text)
            calls = [call for call in parsed.find_all(nodes.Call) if getattr(call.node, "name", "") == "_"]
            found |= dict.fromkeys(call.args[0].value for call in calls if isinstance(call.args[0], nodes.Const))
    return list(found)


def filled(sentence: str, values: Mapping[str, object], *, html: bool) -> str:
    """A sentence with its `%(name)s` places filled, bounded; no other format is one. Raises Refusal."""
    if (size := len(sentence)) > LONGEST_TEXT:
        raise Refusal(N_("It is too long."))

    def value_of(found: re.Match[str]) -> str:
        nonlocal size
        if found[1] is None:
            return "%"
        if found[1] not in values:
            raise Refusal(
                N_("The sentence “%(said)s” needs a value for “%(what)s”."), said=sentence[:80], what=found[1]
            )
        text = str(escape(values[found[1]]) if html else values[found[1]])
        size += len(text)
        if size > LONGEST_TEXT:
            raise Refusal(N_("It gets too long or takes too long."))
        return text

    made = _PLACES.sub(value_of, sentence)
    return Markup(made) if html else made  # noqa: S704 - sentences are ours or a marketer's; values are escaped


class speaking_of:  # noqa: N801 - reads as a sentence
    """`with speaking_of(name, file):` turns what goes wrong inside into a MessageError with file and line."""

    def __init__(self, name: str, file: str) -> None:
        self._name = name
        self._file = file

    def __enter__(self) -> None:
        """Nothing is done before."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise MessageError for what a message's own text may cause."""
        known = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, SyntaxError)
        if isinstance(error, MessageError) or not isinstance(error, (*known, RecursionError, MemoryError)):
            return
        line = getattr(error, "line", None) or _line(error, self._file)
        file = self._file
        if isinstance(error, TemplateSyntaxError):
            line, file = error.lineno, error.name or file
        told = error if isinstance(error, Refusal) else getattr(error, "message", None) or str(error)
        raise MessageError(self._name, file, told or type(error).__name__, line) from error


def _line(error: BaseException, file: str) -> int | None:
    """The line of the file that was being put together; Jinja gives its traces the lines of the message."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


class Deadline:
    """How long a message may take to be put together, all of its files in one."""

    def __init__(self, seconds: float = SECONDS) -> None:
        # Of this thread's own work, so that a busy machine is not the message's fault.
        self._until = time.thread_time() + seconds

    def check(self) -> None:
        """Raise Refusal when it has passed."""
        if time.thread_time() > self._until:
            raise Refusal(N_("It gets too long or takes too long."))

    def bounded(self, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces as long as they aren't too long, and don't take too long."""
        size = 0
        for piece in pieces:
            size += len(piece)
            self.check()
            if size > LARGEST_RESULT:
                raise Refusal(N_("It gets too long or takes too long."))
            yield piece
