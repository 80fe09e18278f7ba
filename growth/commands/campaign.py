"""`growth campaign`: planning, looking at and stopping campaigns from the command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.campaigns.records import Campaign

_ACTOR = "command line"

Which = Annotated[str, typer.Argument(help="The campaign's name or number.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(app: typer.Typer) -> None:
    """Register `growth campaign create|review|preview|schedule|pause|resume|cancel|list|show`."""
    group = typer.Typer(help="Campaigns: who gets what, when, and how it does.", no_args_is_help=True)
    for name, command in (
        ("create", create),
        ("review", review),
        ("preview", preview),
        ("schedule", schedule),
        ("pause", pause),
        ("resume", resume),
        ("cancel", cancel),
        ("list", list_campaigns),
        ("show", show),
    ):
        group.command(name)(command)
    app.add_typer(group, name="campaign")


@contextmanager
def _work() -> Iterator[tuple["Session", datetime]]:
    from growth.clock import SystemClock
    from growth.commands.connect import database
    from growth.database.engine import transaction

    with database() as engine, transaction(engine) as session:
        yield session, SystemClock().now()


def create(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    *,
    message: Annotated[str, typer.Option(help="A folder of `templates/emails`.")],
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "buyer",
    locale: Annotated[list[str] | None, typer.Option("--locale", help="Only who reads it. Repeatable.")] = None,
    country: Annotated[list[str] | None, typer.Option("--country", help="Two letters. Repeatable.")] = None,
    joined_after: Annotated[str | None, typer.Option(help="Only who is known since this day or later.")] = None,
    hold_out: Annotated[int, typer.Option(help="Percent who get nothing, to see what it causes.")] = 0,
) -> None:
    """Make a draft; `review` it, then `schedule` it."""
    from growth.campaigns.fields import day_start_in
    from growth.campaigns.planning import create as make
    from growth.campaigns.planning import save

    with _work() as (session, now):
        campaign = make(session, name=name, side=side, message=message, actor=_ACTOR, now=now)
        since = day_start_in(joined_after, _zone(session)) if joined_after else None
        audience = {"locales": locale or [], "countries": country or [], "joined_after": since}
        save(session, campaign.id, {"audience": audience, "holdout_percent": hold_out}, version=campaign.version)
        typer.echo(f"Draft {campaign.id} “{campaign.name}” is made. Nothing is sent yet.")


def _zone(session: "Session") -> str:
    from growth.database.workspace import workspace

    place = workspace(session)
    return place.time_zone if place else "UTC"


def review(which: Which, *, json: JsonOption = False) -> None:
    """Who would get it now, who not and why, and whether it can be sent."""
    from growth.campaigns.readiness import look
    from growth.campaigns.reading import find_campaign

    with _work() as (session, now):
        campaign = find_campaign(session, which)
        who, checks = look(session, campaign, now)
    if json:
        found = [{"check": one.key, "state": one.tone, "says": _said(one.sentence, one.values)} for one in checks]
        _print_json(
            {
                "campaign": campaign.id,
                "name": campaign.name,
                "total": who.total,
                "reached": who.reached,
                "capped": who.capped,
                "left_out": who.excluded,
                "by_locale": who.by_locale,
                "checks": found,
            }
        )
        return
    typer.echo(f"{who.reached:,} of {who.total:,}{'+' if who.capped else ''} people get “{campaign.name}”.")
    for reason, people in sorted(who.excluded.items(), key=lambda one: -one[1]):
        typer.echo(f"  left out, {reason.replace('_', ' ')}: {people:,}")
    for one in checks:
        remedy = f" {_said(one.remedy, one.values)}" if one.remedy else ""
        typer.echo(f"{ {'good': '✓', 'warn': '!', 'bad': '✗'}[one.tone] } {_said(one.sentence, one.values)}{remedy}")


def _said(sentence: str, values: Any) -> str:
    from growth.locales import translate

    return translate("en", sentence, **values)


def _print_json(found: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str))


def preview(
    which: Which,
    *,
    locale: Annotated[str, typer.Option(help="Language it is shown in.")] = "en",
    html: Annotated[Path | None, typer.Option(help="Write the message as HTML into this file.")] = None,
) -> None:
    """Show the message as somebody gets it: subject and text, or with --html the whole into a file."""
    from growth.campaigns.email.catalogue import preview as made
    from growth.campaigns.reading import find_campaign

    with _work() as (session, _):
        campaign = find_campaign(session, which)
    message = made(campaign.message, locale)
    if html is not None:
        html.write_text(message.html, "utf-8")
        typer.echo(f"“{message.subject}” is in {html}.")
        return
    typer.echo(f"{message.subject}\n{message.preheader}\n\n{message.text}")


def schedule(
    which: Which,
    *,
    at: Annotated[str | None, typer.Option(help="Moment in the organisation's time zone: 2026-11-25 10:00.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Send it now.")] = False,
) -> None:
    """Send it at a moment, or now."""
    from growth.campaigns.fields import moment_in
    from growth.campaigns.planning import schedule as plan
    from growth.campaigns.readiness import check_ready
    from growth.campaigns.reading import find_campaign

    if now == (at is not None):
        raise typer.BadParameter("Say when: --at MOMENT, or --now.")
    with _work() as (session, moment):
        campaign = find_campaign(session, which)
        zone = _zone(session)
        due = moment_in(at, zone, moment) if at is not None else None
        who = check_ready(session, campaign, moment)
        plan(session, campaign.id, at=due, version=campaign.version, actor=_ACTOR, now=moment)
    told = f"at {at} ({zone})" if at is not None else "now"
    typer.echo(f"“{campaign.name}” goes to {who.reached:,}{'+' if who.capped else ''} people {told}.")


def pause(which: Which) -> None:
    """Stop it at once; `resume` goes on."""
    from growth.campaigns import planning

    _act(which, planning.pause)


def resume(which: Which) -> None:
    """Go on where it was paused."""
    from growth.campaigns import planning

    _act(which, planning.resume)


def cancel(which: Which) -> None:
    """End it for good; what hasn't been sent never will be."""
    from growth.campaigns import planning

    _act(which, planning.cancel)


def _act(which: str, action: Callable[..., "Campaign"]) -> None:
    from growth.campaigns.reading import find_campaign

    with _work() as (session, now):
        campaign = action(session, find_campaign(session, which).id, actor=_ACTOR, now=now)
        typer.echo(f"“{campaign.name}” is {campaign.state}.")


def list_campaigns(
    *,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    json: JsonOption = False,
) -> None:
    """The newest fifty."""
    from growth.campaigns.reading import campaigns
    from growth.campaigns.states import State

    if state is not None and state not in set(State):
        raise typer.BadParameter(f"A campaign is {', '.join(State)}; not “{state}”.")
    with _work() as (session, _):
        found = [_told(one.campaign, one.counts) for one in campaigns(session, state=state, before=None)]
    if json:
        _print_json(found)
        return
    for one in found:
        typer.echo(f"{one['id']:>5}  {one['state']:<9}  {one['scheduled_at'] or '–':<32}  {one['name']}")


def _told(campaign: "Campaign", counts: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "id": campaign.id,
        "name": campaign.name,
        "side": campaign.side,
        "state": str(campaign.state),
        "scheduled_at": campaign.scheduled_at.isoformat() if campaign.scheduled_at else None,
        "message": campaign.message,
        "audience": campaign.audience,
        "holdout_percent": campaign.holdout_percent,
        "counts": asdict(counts),
    }


def show(which: Which, *, json: JsonOption = False) -> None:
    """One campaign and how it does."""
    from growth.campaigns.reading import find_campaign, whole

    with _work() as (session, _):
        found = whole(session, find_campaign(session, which).id)
        told = _told(found.campaign, found.counts) | {"left_out": found.left_out}
    if json:
        _print_json(told)
        return
    typer.echo(f"{told['name']} ({told['id']}): {told['state']}, {told['scheduled_at'] or 'not scheduled'}")
    for name, number in {**told["counts"], **told["left_out"]}.items():
        typer.echo(f"  {name.replace('_', ' ')}: {number:,}")
