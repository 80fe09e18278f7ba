"""`growth campaigns`: planning, looking at, sending and stopping campaigns from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands import campaign_doing, campaign_planning
from growth.commands.campaign_work import ACTOR, JsonOption, Which, said
from growth.commands.connect import print_json, work
from growth.commands.experiment import experiment_app

if TYPE_CHECKING:
    from growth.campaigns.checks.finding import Check
    from growth.campaigns.records import Campaign

_MARKS = {"good": "✓", "warn": "!", "bad": "✗", "info": "i"}


def add(app: typer.Typer) -> None:
    """Register `growth campaigns …`; `growth campaign` is its old name."""
    group = typer.Typer(help="Campaigns: who gets what, when, and how it does.", no_args_is_help=True)
    for name, command in (
        ("list", list_campaigns),
        ("show", show),
        ("review", review),
        ("check", check),
        ("preview", preview),
        ("test", send_test),
        *campaign_planning.COMMANDS,
        *campaign_doing.COMMANDS,
    ):
        group.command(name)(command)
    group.command("create", hidden=True)(campaign_planning.new)
    group.add_typer(experiment_app, name="experiment")
    app.add_typer(group, name="campaigns")
    app.add_typer(group, name="campaign", hidden=True)


def review(which: Which, *, json: JsonOption = False) -> None:
    """Who would get it now, who not and why, and whether it can be sent."""
    from growth.campaigns.readiness import look
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        campaign = find_campaign(session, which)
        who, checks = look(session, campaign, now)
    if json:
        found = {"campaign": campaign.id, "name": campaign.name, "total": who.total, "reached": who.reached}
        more = {"capped": who.capped, "left_out": who.excluded, "by_locale": who.by_locale}
        print_json(found | more | {"checks": _checked(checks)})
        return
    typer.echo(f"{who.reached:,} of {who.total:,}{'+' if who.capped else ''} people get “{campaign.name}”.")
    for reason, people in sorted(who.excluded.items(), key=lambda one: -one[1]):
        typer.echo(f"  left out, {reason.replace('_', ' ')}: {people:,}")
    _print_checks(checks)


def check(which: Which, *, json: JsonOption = False) -> None:
    """What is looked at before it is sent, with what takes its time: links, the sender's domain, everybody's values."""
    from growth.campaigns.checks.looking import slow_checks_of
    from growth.campaigns.readiness import look
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        campaign = find_campaign(session, which)
        checks = [*look(session, campaign, now)[1], *slow_checks_of(session, campaign, now)]
    if json:
        print_json(_checked(checks))
    else:
        _print_checks(checks)
    if any(one.tone == "bad" for one in checks):
        raise typer.Exit(1)


def _checked(checks: "list[Check]") -> list[dict[str, Any]]:
    return [
        {
            "check": one.key,
            "state": one.tone,
            "says": said(one.sentence, one.values),
            "remedy": said(one.remedy, one.values) if one.remedy else None,
        }
        for one in checks
    ]


def _print_checks(checks: "list[Check]") -> None:
    for one in _checked(checks):
        typer.echo(f"{_MARKS[one['state']]} {one['says']}{' ' + one['remedy'] if one['remedy'] else ''}")


def preview(
    which: Which,
    *,
    locale: Annotated[str, typer.Option(help="Language it is shown in.")] = "en",
    html: Annotated[Path | None, typer.Option(help="Write the message as HTML into this file.")] = None,
) -> None:
    """Show the message as somebody gets it: subject and text, or with --html the whole into a file."""
    from growth.campaigns.email.catalogue import preview as made
    from growth.campaigns.reading import find_campaign

    with work() as (session, _):
        campaign = find_campaign(session, which)
        message = made(session, campaign.message, locale, version=campaign.message_version)
    if html is not None:
        html.write_text(message.html, "utf-8")
        typer.echo(f"“{message.subject}” is in {html}.")
        return
    typer.echo(f"{message.subject}\n{message.preheader}\n\n{message.text}")


def send_test(
    which: Which,
    *,
    to: Annotated[list[str], typer.Option("--to", help="A colleague's address. Repeatable.")],
    locale: Annotated[list[str] | None, typer.Option("--locale", help="Language. Repeatable; English.")] = None,
    person: Annotated[int | None, typer.Option(help="Number of the person as whom it is seen.")] = None,
) -> None:
    """Send it to colleagues, marked as a test; its links count nothing."""
    from growth.campaigns.letters.trying import post_tests
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        campaign = find_campaign(session, which)
        number = post_tests(session, campaign, to=to, locales=locale or ["en"], person=person, actor=ACTOR, now=now)
    typer.echo(f"{number} {'test is' if number == 1 else 'tests are'} on the way.")


def list_campaigns(
    *,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Those in the archive.")] = False,
    json: JsonOption = False,
) -> None:
    """The newest fifty."""
    from growth.campaigns.reading import campaigns
    from growth.campaigns.states import State

    if state is not None and state not in set(State):
        raise typer.BadParameter(f"A campaign is {', '.join(State)}; not “{state}”.")
    with work() as (session, _):
        listed = campaigns(session, state=state, before=None, archived=archived)
        found = [_told(one.campaign, one.counts) for one in listed]
    if json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['id']:>5}  {one['state']:<9}  {one['scheduled_at'] or '–':<32}  {one['name']}")


_SHOWN = (
    *("id", "name", "side", "state", "kind", "message", "message_version", "list_id", "audience", "holdout_percent"),
    *("timing", "recurrence", "trigger", "per_hour", "version", "created_by", "scheduled_by", "approved_by"),
    *("sent_back", "paused_because"),
)


def _told(campaign: "Campaign", counts: Any) -> dict[str, Any]:
    from dataclasses import asdict

    moments = {name: getattr(campaign, name) for name in ("scheduled_at", "approved_at", "archived_at")}
    return {
        **{name: getattr(campaign, name) for name in _SHOWN},
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        "counts": asdict(counts),
    }


def show(which: Which, *, json: JsonOption = False) -> None:
    """One campaign and how it does, all of its times together."""
    from growth.campaigns.reading import find_campaign, whole

    with work() as (session, _):
        found = whole(session, find_campaign(session, which).id)
        told = _told(found.campaign, found.counts) | {"left_out": found.left_out, "times": found.times}
    if json:
        print_json(told)
        return
    typer.echo(f"{told['name']} ({told['id']}): {told['state']}, {told['scheduled_at'] or 'not scheduled'}")
    if told["state"] == "paused" and told["paused_because"]:
        because = told["paused_because"]
        typer.echo(f"  {said(because['message'], because['values'])}")
        if because.get("remedy"):
            typer.echo(f"  {said(because['remedy'], because['values'])}")
    for name, number in {**told["counts"], **told["left_out"]}.items():
        typer.echo(f"  {name.replace('_', ' ')}: {number:,}")
