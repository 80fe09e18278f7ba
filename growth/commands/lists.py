"""`growth lists`: mailing lists, and who is on them."""

from typing import Annotated, Any

import typer

_ACTOR = "command line"

ListKey = Annotated[str, typer.Argument(metavar="LIST", help="The list's key, such as product_news.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON list.")]


def add(app: typer.Typer) -> None:
    """Register `growth lists list|create|add|members`."""
    group = typer.Typer(help="Mailing lists: topics that people subscribe to.", no_args_is_help=True)
    group.command("list")(list_all)
    group.command("create")(create)
    group.command("add")(add_member)
    group.command("members")(members)
    app.add_typer(group, name="lists")


def list_all(*, archived: bool = False, json: JsonOption = False) -> None:
    """Every list, with how many are subscribed."""
    from growth.commands.connect import print_json, work
    from growth.people.permission import lists

    with work() as (session, _):
        found = lists.all_lists(session, archived=archived)
        counts = lists.counts(session, [one.id for one in found])
        told: list[dict[str, Any]] = [
            {
                "key": one.key,
                "side": one.side,
                "purpose": one.purpose,
                "name": lists.in_words(one.names, "en"),
                "subscribed": counts[one.id].people,
                "more": counts[one.id].more,
            }
            for one in found
        ]
    if json:
        print_json(told)
        return
    for one in told:
        more = "+" if one["more"] else ""
        typer.echo(
            f"{one['key']:<24} {one['side']:<7} {one['purpose']:<15} {one['subscribed']:>7,}{more}  {one['name']}"
        )
    if not told:
        typer.echo("There is no list.")


def create(
    key: Annotated[str, typer.Argument(help="How files and commands call it, such as product_news.")],
    name: Annotated[str, typer.Option(help="What people call it, in English.")],
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "buyer",
    purpose: Annotated[
        str, typer.Option(help="What for: marketing, product_updates, seller_news, partner_offers or research.")
    ] = "marketing",
    *,
    public: Annotated[bool, typer.Option("--public/--hidden", help="Whether preferences offer it.")] = True,
) -> None:
    """Make a list."""
    from growth.commands.connect import work
    from growth.people.permission import lists

    with work() as (session, now):
        topic = lists.Topic(names={"en": name}, descriptions={}, public=public)
        lists.create(session, key, side, topic, purpose=purpose, actor=_ACTOR, now=now)
    typer.echo(f"The list {key} is made.")


def add_member(
    wanted: ListKey, address: Annotated[str, typer.Argument(help="E-mail of somebody who allows marketing e-mail.")]
) -> None:
    """Put somebody on a list."""
    from growth.commands.connect import work
    from growth.people.listing import person_with
    from growth.people.permission import lists

    with work() as (session, now):
        found = lists.list_by_key(session, wanted)
        lists.check_open(found)
        new = lists.add_by_hand(session, found, person_with(session, address), actor=_ACTOR, now=now)
    typer.echo("On the list now." if new else "On the list already.")


def members(
    wanted: ListKey,
    *,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    json: JsonOption = False,
) -> None:
    """Who is on a list, the newest people first."""
    from growth.commands.connect import print_json, work
    from growth.people.identity import EMAIL
    from growth.people.permission import lists
    from growth.people.reading import addresses_of

    with work() as (session, _):
        found = lists.members(session, lists.list_by_key(session, wanted).id, size=most)
        emails = addresses_of(session, [one.person_id for one in found])
        told = [
            {
                "person": one.person_id,
                "email": next(iter(emails.get(one.person_id, {}).get(EMAIL, [])), None),
                "source": one.source,
                "since": one.at,
            }
            for one in found
        ]
    if json:
        print_json(told)
        return
    for one in told:
        typer.echo(f"{one['email'] or one['person']}  {one['source']}  {one['since']}")
    if not told:
        typer.echo("Nobody is on it.")
