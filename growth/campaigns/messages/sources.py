"""The files a message is made of: those of a shipped folder, or of a version that was saved here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.campaigns.messages.records import Message, MessageVersion
from growth.campaigns.messages.refusals import MessageError, Refusal
from growth.errors import NotFoundError
from growth.locales import N_

_CHECKOUT = Path(__file__).parents[3] / "templates" / "emails"
SHIPPED = _CHECKOUT if _CHECKOUT.is_dir() else Path(__file__).parents[1] / "email" / "messages"
"""Where the shipped messages live: in a checkout, or in the installed package."""

BODIES = ("body.mjml", "body.html")
LARGEST_JSON = 20_000
"""Characters; a message may name its products many times."""
_JSON: Mapping[type, str] = {dict: "object", list: "list"}
FILES = ("subject.txt", *BODIES, "body.txt", "sample.json", "products.json")
"""All that a message may have; it has one of the bodies, and the last two only where it needs them."""


@dataclass(frozen=True)
class Source:
    """A message as it is written."""

    name: str
    version: int
    """0 for the shipped one."""
    files: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By locale, translations of its sentences; they come before the product's catalogue."""

    @property
    def body(self) -> str:
        """The name of its HTML part's file."""
        return next((name for name in BODIES if name in self.files), BODIES[0])

    def with_changes(self, changes: Mapping[str, str]) -> "Source":
        """With another subject or preheader: what an arm of an experiment changes."""
        subject, _, preheader = self.files.get("subject.txt", "").strip().partition("\n")
        lines = (changes.get("subject") or subject, changes.get("preheader") or preheader)
        one_each = "\n".join(" ".join(line.split()) for line in lines)
        return replace(self, files={**self.files, "subject.txt": one_each})


def shipped_names() -> list[str]:
    """Names of the messages that came with the product."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if any((folder / body).is_file() for body in BODIES))


def message_names(session: Session, *, archived: bool = False) -> list[str]:
    """Names of all messages for campaigns, shipped and saved here, without the archived ones unless asked for."""
    saved: dict[str, Any] = dict(session.execute(select(Message.name, Message.archived_at)).all())
    names = {name for name in shipped_names() if not is_letter(shipped(name))} | set(saved)
    return sorted(name for name in names if archived or not saved.get(name))


def is_letter(source: Source) -> bool:
    """Whether a message is a letter that growth itself sends to one person, such as a confirmation."""
    return "letter" in sample_of(source)


def letter_places(source: Source) -> dict[str, str]:
    """Of a letter, the names of what is put into it with a sample of each; empty for a campaign's message."""
    places: dict[str, str] = sample_of(source).get("letter", {})
    return places


def source_of(session: Session, name: str, version: int | None = None) -> Source:
    """A message's files: of the version given, else of the newest; 0 is the shipped one. Raises NotFoundError."""
    newest = session.scalar(select(Message.version).where(Message.name == name)) if "\0" not in name else None
    wanted = newest if version is None else version
    if not wanted:
        return shipped(name)
    found = select(MessageVersion).where(MessageVersion.message == name, MessageVersion.version == wanted)
    row = session.scalars(found).one_or_none()
    if row is None:
        raise NotFoundError(N_("The message “%(name)s” has no version %(version)s."), name=name[:80], version=wanted)
    return Source(row.message, row.version, row.files, row.texts)


def shipped(name: str) -> Source:
    """The message as it came with the product. Raises NotFoundError."""
    # By the list, so that no name from a form leads anywhere else.
    if name not in shipped_names():
        raise NotFoundError(N_("There is no message “%(name)s”."), name=name[:80])
    folder = SHIPPED / name
    there = tuple((file, (folder / file).stat().st_mtime_ns) for file in FILES if (folder / file).is_file())
    return Source(name, 0, _files(folder, there))


@lru_cache(200)
def _files(folder: Path, there: tuple[tuple[str, int], ...]) -> Mapping[str, str]:
    """The texts of a folder, read again only when one was changed."""
    return {file: (folder / file).read_text("utf-8") for file, _ in there}


def sample_of(source: Source) -> dict[str, Any]:
    """What stands in a message's `sample.json`: its locales, and values to show it with. Raises MessageError."""
    sample: dict[str, Any] = _read(source, "sample.json", dict)
    for key, kind in (("locales", list), ("values", dict), ("letter", dict)):
        if not isinstance(sample.get(key, kind()), kind):
            refusal = Refusal(N_("“%(what)s” has to be a JSON %(kind)s."), what=key, kind=_JSON[kind])
            raise MessageError(source.name, "sample.json", refusal)
    return sample


def products_of(source: Source) -> list[dict[str, Any]]:
    """The products of a message's `products.json`, in the shape of an order's items. Raises MessageError."""
    products: list[dict[str, Any]] = _read(source, "products.json", list)
    return products


def _read(source: Source, file: str, kind: type) -> Any:
    text = source.files.get(file, "")
    if len(text) > LARGEST_JSON:
        raise MessageError(source.name, file, Refusal(N_("It is too long.")))
    try:
        read = orjson.loads(text) if text.strip() else kind()
    except orjson.JSONDecodeError as error:
        raise MessageError(source.name, file, error.msg, error.lineno) from error
    if not isinstance(read, kind):
        raise MessageError(source.name, file, Refusal(N_("It has to be a JSON %(kind)s."), kind=_JSON[kind]))
    return read
