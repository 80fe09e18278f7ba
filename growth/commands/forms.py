"""`growth forms`: sign-up forms, and those who were asked to confirm."""

from pathlib import Path
from typing import Annotated

import typer

_ACTOR = "command line"

FormKey = Annotated[str, typer.Argument(metavar="FORM", help="The form's key: its page is /f/FORM.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(app: typer.Typer) -> None:
    """Register `growth forms list|add|show|confirmations`."""
    group = typer.Typer(help="Sign-up forms, here and on other sites.", no_args_is_help=True)
    group.command("list")(list_all)
    group.command("add")(add_form)
    group.command("show")(show)
    group.command("confirmations")(confirmations)
    app.add_typer(group, name="forms")


def list_all(*, archived: bool = False, json: JsonOption = False) -> None:
    """Every form, with how many were asked and confirmed."""
    from growth.commands.connect import print_json, work
    from growth.people.permission import forms

    with work() as (session, now):
        found = forms.all_forms(session, archived=archived)
        funnels = forms.funnels(session, [one.id for one in found], now)
        told = [
            {"key": one.key, "name": one.name, "asked": funnels[one.id].asked, "confirmed": funnels[one.id].confirmed}
            for one in found
        ]
    if json:
        print_json(told)
        return
    for one in told:
        typer.echo(f"{one['key']:<24} {one['asked']:>7,} asked {one['confirmed']:>7,} confirmed  {one['name']}")
    if not told:
        typer.echo("There is no form.")


def add_form(
    key: FormKey,
    to: Annotated[str, typer.Option("--list", help="Key of the list that people subscribe to.")],
    name: Annotated[str | None, typer.Option(help="What you call it. Default: the list's name.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="A site that may have it. May be given repeatedly.")] = None,
    *,
    country: Annotated[bool, typer.Option("--country", help="Ask for the country.")] = False,
    wording: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="What people agree to.")] = None,
) -> None:
    """Make a form that says the usual, in four languages; edit it on its page."""
    from growth.commands.connect import work
    from growth.database.workspace import workspace
    from growth.people.permission import forms, lists
    from growth.settings import settings

    with work() as (session, now):
        wanted, place = lists.list_by_key(session, to), workspace(session)
        texts = forms.starting_texts(place.name if place else "", wanted)
        if wording is not None:
            texts = {"en": texts["en"] | {"wording": wording.read_text("utf-8").strip()}}
        design = forms.Design(
            name=name or lists.in_words(wanted.names, "en"),
            list_id=wanted.id,
            texts=texts,
            asks_country=country,
            origins=origin or (),
        )
        forms.create(session, key, design, actor=_ACTOR, now=now)
    typer.echo(f"{settings().public_url}/f/{key}")


def show(
    key: FormKey, *, locale: Annotated[str, typer.Option(help="Language of the code.")] = "en", json: JsonOption = False
) -> None:
    """What a form says, and its code for other sites."""
    from growth.commands.connect import print_json, work
    from growth.people.permission import forms
    from growth.web.sign_up_snippet import snippet

    with work() as (session, _):
        form = forms.form_by_key(session, key)
        names = "key name texts asks_name asks_country always_confirms thanks_url origins version"
        told = {field: getattr(form, field) for field in names.split()}
        html = snippet(form, locale)
    if json:
        print_json(told | {"html": html})
        return
    for field, value in told.items():
        if field != "texts":
            typer.echo(f"{field}: {value}")
    typer.echo(f"\n{html}")


def confirmations(
    key: FormKey,
    *,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    json: JsonOption = False,
) -> None:
    """Who was asked lately, and how it ended; addresses are not told before they are confirmed."""
    from growth.commands.connect import print_json, work
    from growth.people.permission import forms

    names = "id state asked_at expires_at confirmed_at letters person_id jurisdiction evidence"
    with work() as (session, _):
        found = forms.confirmations(session, forms.form_by_key(session, key).id, size=most)
        told = [{field: getattr(one, field) for field in names.split()} for one in found]
    if json:
        print_json(told)
        return
    for one in told:
        typer.echo(f"{one['asked_at']}  {one['state']:<9}  {one['letters']} letters  {one['evidence'].get('page', '')}")
    if not told:
        typer.echo("Nobody was asked yet.")
