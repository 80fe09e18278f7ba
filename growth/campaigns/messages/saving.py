"""Saving messages: each save is a version that stays, checked before in all of its languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import compile_source, locales_in, untranslated
from growth.campaigns.messages.records import Message, MessageVersion
from growth.campaigns.messages.refusals import MessageError, Refusal
from growth.campaigns.messages.sources import (
    BODIES,
    FILES,
    Source,
    is_letter,
    message_names,
    sample_of,
    shipped,
    shipped_names,
    source_of,
)
from growth.database.audit import audit
from growth.errors import ConflictError, InvalidError
from growth.locales import LOCALES, N_

LARGEST = 300_000
"""Characters of all files and texts of a message."""
LONGEST_NOTE = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{1,58}[a-z0-9]")

RESTORED, COPIED = "restored:", "copied:"
"""What a note begins with that nobody wrote: the version that was taken up again, the message it is a copy of."""


class ChangedError(ConflictError):
    """Somebody saved the message first; `newest` is what they saved."""

    def __init__(self, newest: Source) -> None:
        super().__init__(
            N_("Somebody else has saved this message meanwhile."), remedy=N_("Compare, and keep theirs or yours.")
        )
        self.newest = newest


@dataclass(frozen=True)
class Findings:
    """What was found when a message was checked."""

    errors: tuple[MessageError, ...]
    """At most one for each file."""
    lacking: Mapping[str, list[str]]
    """By locale, sentences without a text there, so that the message isn't offered in it."""
    locales: tuple[str, ...]
    """The languages it can be sent in."""


def tidy(name: str, files: Mapping[str, str], texts: Mapping[str, Mapping[str, str]], version: int = 1) -> Source:
    """A message as it is saved: known files with something in them, lines ending the one way, texts that say something.

    Raises MessageError for a file that no message has.
    """
    for file in files:
        if file not in FILES:
            raise InvalidError("files", N_("No message has a file “%(file)s”."), file=file[:80])
    kept = {
        file: "\n".join(files[file].splitlines()).strip("\n") + "\n" for file in FILES if files.get(file, "").strip()
    }
    said = {
        locale: {sentence: " ".join(text.split()) for sentence, text in texts.get(locale, {}).items() if text.strip()}
        for locale in LOCALES[1:]
    }
    return Source(name, version, kept, {locale: found for locale, found in said.items() if found})


def check(source: Source) -> Findings:
    """Put a message together in each of its languages. Nothing is raised for what is wrong with it."""
    errors: dict[str, MessageError] = {}
    try:
        _check_files(source)
        locales = locales_in(source)
        lacking = {locale: found for locale, found in untranslated(source).items() if found and _wants(source, locale)}
    except MessageError as error:
        return Findings((error,), {}, ())
    for locale in locales or [LOCALES[0]]:
        try:
            compile_source(source, locale)
        except MessageError as error:
            errors.setdefault(error.file, error)
    return Findings(tuple(errors.values()), lacking, () if errors else tuple(locales))


def _wants(source: Source, locale: str) -> bool:
    return locale in sample_of(source).get("locales", LOCALES)


def _check_files(source: Source) -> None:
    """Raise MessageError for a file that is missing, one too many, or what is no sample."""
    for file in ("subject.txt", "body.txt"):
        if file not in source.files:
            raise MessageError(source.name, file, Refusal(N_("It is empty.")))
    bodies = [body for body in BODIES if body in source.files]
    if len(bodies) != 1:
        raise MessageError(source.name, BODIES[0], Refusal(N_("A message has either a body.mjml or a body.html.")))
    # A letter needs no way out of a list, so nothing becomes one here.
    if is_letter(source) and not (source.name in shipped_names() and is_letter(shipped(source.name))):
        raise MessageError(source.name, "sample.json", Refusal(N_("Only growth's own letters are letters.")))


def save(
    session: Session,
    name: str,
    files: Mapping[str, str],
    texts: Mapping[str, Mapping[str, str]],
    *,
    version: int,
    note: str = "",
    actor: str,
    now: datetime,
) -> int:
    """Save a message, checked; gives the number of the version, the one before when nothing was changed.

    `version` is the one that was edited (0 for the shipped one). Raises ChangedError when there is a newer one,
    MessageError naming file and line for the first thing wrong, NotFoundError.
    """
    newest = source_of(session, name)
    if newest.version != version:
        raise ChangedError(newest)
    made = tidy(name, files, texts, version + 1)
    if (made.files, made.texts) == (newest.files, newest.texts):
        return version
    _check(made, note)
    return _append(session, made, note=note.strip(), actor=actor, now=now)


def _check_sizes(made: Source, note: str) -> None:
    size = sum(map(len, made.files.values())) + sum(
        len(sentence) + len(text) for texts in made.texts.values() for sentence, text in texts.items()
    )
    if size > LARGEST or "\0" in "".join(made.files.values()) + str(made.texts):
        raise InvalidError("files", N_("All files together have at most %(most)s visible characters."), most=LARGEST)
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise InvalidError("note", N_("A note has at most %(most)s visible characters."), most=LONGEST_NOTE)


def _check(made: Source, note: str) -> None:
    """Raise InvalidError, or the first MessageError, for what can't be saved."""
    _check_sizes(made, note)
    findings = check(made)
    if findings.errors:
        raise findings.errors[0]
    if not findings.locales:
        refusal = Refusal(N_("No language is left in which all of its sentences have a text."))
        raise MessageError(made.name, "sample.json", refusal)


def _append(session: Session, made: Source, *, note: str, actor: str, now: datetime) -> int:
    """Write the version down, unless another got there first. Raises ChangedError."""
    new = insert(Message).values(name=made.name, version=0, created_by=actor, created_at=now)
    session.execute(new.on_conflict_do_nothing())
    message = session.get_one(Message, made.name, with_for_update=True, populate_existing=True)
    if message.version != made.version - 1:
        raise ChangedError(source_of(session, made.name))
    message.version, message.archived_at = made.version, None
    session.add(
        MessageVersion(
            message=made.name,
            version=made.version,
            files=dict(made.files),
            texts={locale: dict(texts) for locale, texts in made.texts.items()},
            note=note,
            by=actor,
            at=now,
        )
    )
    detail = {"version": made.version, "note": note}
    audit(session, actor=actor, action="save message", subject=made.name, detail=detail, now=now)
    session.flush()
    return made.version


def restore(session: Session, name: str, wanted: int, *, version: int, actor: str, now: datetime) -> int:
    """Take an earlier version up again, as a new one; 0 is the shipped one. Raises like `save`."""
    old = source_of(session, name, wanted)
    return save(session, name, old.files, old.texts, version=version, note=f"{RESTORED}{wanted}", actor=actor, now=now)


def duplicate(session: Session, name: str, new_name: str, *, actor: str, now: datetime) -> str:
    """A message of its own that begins as a copy of another's newest version; gives its name. Raises InvalidError."""
    copied = source_of(session, name)
    made = tidy(_new_name(session, new_name), copied.files, copied.texts)
    _append(session, made, note=f"{COPIED}{name}", actor=actor, now=now)
    return made.name


def new_message(
    session: Session,
    name: str,
    files: Mapping[str, str],
    texts: Mapping[str, Mapping[str, str]],
    *,
    note: str = "",
    actor: str,
    now: datetime,
) -> str:
    """A message of its own from files, checked as by `save`; gives its name. Raises InvalidError."""
    made = tidy(_new_name(session, name), files, texts)
    _check(made, note)
    _append(session, made, note=note.strip(), actor=actor, now=now)
    return made.name


def _new_name(session: Session, name: str) -> str:
    """A name as it is stored, that no message has. Raises InvalidError."""
    wanted = name.strip().lower().replace(" ", "_").replace("-", "_")
    if not _NAME.fullmatch(wanted) or wanted == "new":
        raise InvalidError("new_name", N_("A name has 3 to 60 letters of a to z, digits and underscores."))
    if wanted in message_names(session, archived=True) or wanted in shipped_names():
        raise InvalidError("new_name", N_("There is a message of this name already."))
    return wanted


def put_away(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Offer a message no more; campaigns that have it keep it. Raises NotFoundError."""
    _archive(session, name, now, actor=actor, now=now)


def take_out(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Bring a message back from the archive. Raises NotFoundError."""
    _archive(session, name, None, actor=actor, now=now)


def _archive(session: Session, name: str, since: datetime | None, *, actor: str, now: datetime) -> None:
    source_of(session, name)
    new = insert(Message).values(name=name, version=0, created_by=actor, created_at=now)
    session.execute(new.on_conflict_do_nothing())
    message = session.scalars(select(Message).where(Message.name == name).with_for_update()).one()
    message.archived_at = since
    action = "archive message" if since else "unarchive message"
    audit(session, actor=actor, action=action, subject=name, detail={}, now=now)
    session.flush()
