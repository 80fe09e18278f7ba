"""`growth templates`: the messages campaigns send, as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.campaigns.messages.saving import Findings

_ACTOR = "command line"

Name = Annotated[str, typer.Argument(help="The message's name, such as welcome_buyer.")]
Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder with subject.txt, body.mjml …")]
VersionOption = Annotated[int | None, typer.Option("--version", help="0 is the shipped one. Default: the newest.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(app: typer.Typer) -> None:
    """Register `growth templates list|show|save|export|check|restore`."""
    group = typer.Typer(help="Messages: what campaigns send.", no_args_is_help=True)
    group.command("list")(list_messages)
    group.command("show")(show)
    group.command("save")(save)
    group.command("export")(export)
    group.command("check")(check)
    group.command("restore")(restore)
    app.add_typer(group, name="templates")


@contextmanager
def _work() -> Iterator[tuple["Session", datetime]]:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def list_messages(*, json: JsonOption = False) -> None:
    """All messages on offer, their languages and versions."""
    import orjson

    from growth.campaigns.messages.listing import messages

    with _work() as (session, _):
        found = messages(session, archived=False, after=None, size=10_000)
    if json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    for one in found:
        version = f"version {one.version}" if one.version else "as shipped"
        typer.echo(f"{one.name:32} {version:12} {', '.join(one.locales) or 'broken'}")


def show(
    name: Name,
    *,
    locale: Annotated[str, typer.Option(help="The language it is shown in.")] = "en",
    version: VersionOption = None,
    html: Annotated[Path | None, typer.Option(help="Write the message as HTML into this file.")] = None,
) -> None:
    """The message with sample values: subject, preheader and text, or with --html the whole into a file."""
    from growth.campaigns.email.catalogue import preview

    with _work() as (session, _):
        made = preview(session, name, locale, version=version)
    if html is not None:
        html.write_text(made.html, "utf-8")
        typer.echo(f"“{made.subject}” is in {html}.")
        return
    typer.echo(f"{made.subject}\n{made.preheader}\n\n{made.text}")


def save(
    folder: Folder,
    *,
    name: Annotated[str | None, typer.Option(help="What it is called. Default: as the folder.")] = None,
    note: Annotated[str, typer.Option(help="A note for the list of versions.")] = "",
) -> None:
    """Save the files of a folder as the newest version of a message, which may be a new one."""
    from growth.campaigns.messages.saving import new_message
    from growth.campaigns.messages.saving import save as keep
    from growth.campaigns.messages.sources import message_names, source_of

    called, (files, texts) = name or folder.name, _read(folder)
    with _work() as (session, now):
        if called not in message_names(session, archived=True):
            called, version = new_message(session, called, files, texts, note=note, actor=_ACTOR, now=now), 1
        else:
            seen = source_of(session, called).version
            version = keep(session, called, files, texts, version=seen, note=note, actor=_ACTOR, now=now)
    typer.echo(f"“{called}” has version {version}.")


def _read(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    import orjson

    from growth.campaigns.messages.sources import FILES

    try:
        files = {file: (folder / file).read_text("utf-8") for file in FILES if (folder / file).is_file()}
        texts = folder / "texts.json"
        said = orjson.loads(texts.read_bytes()) if texts.is_file() else {}
        return files, {locale: {one: str(text) for one, text in found.items()} for locale, found in said.items()}
    except (ValueError, AttributeError) as error:
        raise typer.BadParameter(f"A file of {folder} can't be read: {error}") from error


def export(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Where its files go.")],
    *,
    version: VersionOption = None,
) -> None:
    """Write the files of a message into a folder, its translations as texts.json."""
    import orjson

    from growth.campaigns.messages.sources import source_of

    with _work() as (session, _):
        source = source_of(session, name, version)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in source.files.items():
        (folder / file).write_text(text, "utf-8")
    if source.texts:
        (folder / "texts.json").write_bytes(orjson.dumps(source.texts, option=orjson.OPT_INDENT_2))
    typer.echo(f"{len(source.files)} files of “{name}” are in {folder}.")


def check(folder: Folder) -> None:
    """Put the message of a folder together in each of its languages, and say what is wrong with it."""
    from growth.campaigns.messages.saving import check as look
    from growth.campaigns.messages.saving import tidy

    files, texts = _read(folder)
    findings = look(tidy(folder.name, files, texts))
    _tell(findings)
    if findings.errors or not findings.locales:
        raise typer.Exit(1)


def _tell(findings: "Findings") -> None:
    for error in findings.errors:
        typer.echo(f"✗ {error}")
    for locale, sentences in findings.lacking.items():
        typer.echo(f"! {locale}: {len(sentences)} sentences have no text, so the message isn't offered in it.")
        for sentence in sentences:
            typer.echo(f"    {sentence}")
    if findings.locales:
        typer.echo(f"✓ It can be sent in {', '.join(findings.locales)}.")


def restore(
    name: Name, version: Annotated[int, typer.Argument(help="The version to take up again; 0: shipped.")]
) -> None:
    """Take an earlier version up again, as a new one."""
    from growth.campaigns.messages.saving import restore as take_up
    from growth.campaigns.messages.sources import source_of

    with _work() as (session, now):
        seen = source_of(session, name).version
        made = take_up(session, name, version, version=seen, actor=_ACTOR, now=now)
    typer.echo(f"“{name}” has version {made}.")
