"""`growth campaigns new|audience|message|schedule|send`: making a campaign and saying when it goes out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.campaign_work import ACTOR, Which, zone_of
from growth.commands.connect import work

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Locales = Annotated[list[str] | None, typer.Option("--locale", help="Only who reads it. Repeatable.")]
Countries = Annotated[list[str] | None, typer.Option("--country", help="Two letters. Repeatable.")]
JoinedAfter = Annotated[str | None, typer.Option(help="Only who is known since this day or later.")]


def new(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    *,
    message: Annotated[str, typer.Option(help="A message's name, as “growth templates list” shows them.")],
    side: Annotated[str, typer.Option(help="buyer or seller.")] = "buyer",
    locale: Locales = None,
    country: Countries = None,
    joined_after: JoinedAfter = None,
    hold_out: Annotated[int, typer.Option(help="Percent who get nothing, to see what it causes.")] = 0,
) -> None:
    """Make a draft; `review` it, then `schedule` it."""
    from growth.campaigns.planning import create, save

    with work() as (session, now):
        campaign = create(session, name=name, side=side, message=message, actor=ACTOR, now=now)
        audience = _narrowed(session, locale, country, joined_after)
        changes = {"audience": audience, "holdout_percent": hold_out}
        save(session, campaign.id, changes, version=campaign.version, now=now)
        typer.echo(f"Draft {campaign.id} “{campaign.name}” is made. Nothing is sent yet.")


def _narrowed(session: "Session", locales: Any, countries: Any, joined_after: str | None) -> dict[str, Any]:
    from growth.campaigns.audiences.conditions import narrowed
    from growth.campaigns.fields import day_start_in

    since = day_start_in(joined_after, zone_of(session)) if joined_after else None
    return narrowed(locales=locales or [], countries=countries or [], joined_since=since)


def audience(
    which: Which,
    *,
    saved: Annotated[str | None, typer.Option(help="A saved audience, by its name.")] = None,
    file: Annotated[Path | None, typer.Option(help="Conditions as JSON; - for standard input.")] = None,
    locale: Locales = None,
    country: Countries = None,
    joined_after: JoinedAfter = None,
    topic: Annotated[str | None, typer.Option(help="Key of the list it belongs to.")] = None,
    hold_out: Annotated[int | None, typer.Option(help="Percent who get nothing.")] = None,
) -> None:
    """Say who is in it: a saved audience, conditions from a file, or languages, countries and a day."""
    from growth.campaigns.planning import save
    from growth.campaigns.reading import find_campaign
    from growth.people.permission.lists import list_by_key

    with work() as (session, now):
        campaign = find_campaign(session, which)
        changes = _chosen(session, saved, file) or {
            "audience": _narrowed(session, locale, country, joined_after),
            "audience_version_id": None,
        }
        if topic is not None:
            changes["list_id"] = list_by_key(session, topic).id
        if hold_out is not None:
            changes["holdout_percent"] = hold_out
        save(session, campaign.id, changes, version=campaign.version, now=now)
    typer.echo(f"“{campaign.name}” has its audience. Look at it with “growth campaigns review”.")


def _chosen(session: "Session", saved: str | None, file: Path | None) -> dict[str, Any]:
    """The fields of a saved audience or a file; none when neither was named."""
    import orjson

    from growth.campaigns.audiences.reading import find_audience, version_of

    if saved is not None:
        found = find_audience(session, saved)
        version = version_of(session, found.id, found.version)
        return {"audience": version.conditions, "audience_version_id": version.id}
    if file is not None:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        try:
            return {"audience": orjson.loads(text), "audience_version_id": None}
        except orjson.JSONDecodeError as error:
            raise typer.BadParameter(f"{file} is no JSON: {error}.") from None
    return {}


def message(
    which: Which,
    name: Annotated[str, typer.Argument(help="A message's name.")],
    *,
    version: Annotated[int | None, typer.Option(help="One of its versions; the newest when left out.")] = None,
) -> None:
    """Say which message it sends."""
    from growth.campaigns.planning import save
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        campaign = find_campaign(session, which)
        changes = {"message": name, "message_version": version}
        save(session, campaign.id, changes, version=campaign.version, now=now)
    typer.echo(f"“{campaign.name}” sends {name}.")


def schedule(
    which: Which,
    *,
    at: Annotated[str | None, typer.Option(help="Moment in the organisation's time zone: 2026-11-25 10:00.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Send it now.")] = False,
    every: Annotated[str | None, typer.Option(help="day, week or month: again and again.")] = None,
    day: Annotated[str | None, typer.Option(help="With --every: mon … sun, or 1 … 31.")] = None,
    time: Annotated[str, typer.Option(help="With --every: the time of day.")] = "10:00",
    until: Annotated[str | None, typer.Option(help="With --every: the last day.")] = None,
    on: Annotated[str | None, typer.Option(help="What sets it off: order, custom:basket, stage:qualified …")] = None,
    delay: Annotated[int, typer.Option(help="With --on: minutes after it.")] = 0,
    again_after: Annotated[int, typer.Option(help="With --on: not again within so many days.")] = 7,
    local_hour: Annotated[int | None, typer.Option(help="Hour of each reader's own day.")] = None,
    usual_hour: Annotated[bool, typer.Option("--usual-hour", help="The hour each reader usually opens.")] = False,
    per_hour: Annotated[int | None, typer.Option(help="At most so many messages an hour.")] = None,
) -> None:
    """Send it at a moment or now, again and again with --every, or when something happens with --on."""
    if sum((now, at is not None, every is not None, on is not None)) != 1:
        raise typer.BadParameter("Say when: --at MOMENT, --now, --every DAY|WEEK|MONTH, or --on WHAT.")
    again = {"every": every, "day": day, "at": time, "until": until} if every else None
    cause = _cause(on, delay, again_after) if on else None
    mode = "usual_hour" if usual_hour else "at_once" if local_hour is None else "local_hour"
    _schedule(which, at, again, cause, {"timing": {"mode": mode, "hour": local_hour}, "per_hour": per_hour})


def _cause(on: str, delay: int, again_after: int) -> dict[str, Any]:
    kind, _, name = on.partition(":")
    cause = {"stage": name} if kind == "stage" else {"event": kind, "name": name}
    return cause | {"delay_minutes": delay, "again_after_days": again_after}


def _schedule(
    which: str, at: str | None, again: dict[str, Any] | None, cause: dict[str, Any] | None, more: dict[str, Any]
) -> None:
    from growth.campaigns.fields import moment_in
    from growth.campaigns.planning import save
    from growth.campaigns.planning import schedule as plan
    from growth.campaigns.readiness import check_ready
    from growth.campaigns.reading import find_campaign

    with work() as (session, moment):
        campaign, zone = find_campaign(session, which), zone_of(session)
        due = moment_in(at, zone, moment) if at is not None else None
        if campaign.state == "draft":
            kind = "recurring" if again else "triggered" if cause else "once"
            parts = {"recurrence": again | {"zone": zone} if again else None, "trigger": cause}
            save(session, campaign.id, {"kind": kind} | parts | more, version=campaign.version, now=moment)
        who = check_ready(session, campaign, moment)
        plan(session, campaign.id, at=due, version=campaign.version, actor=ACTOR, now=moment, reached=who.reached)
    if campaign.state == "awaits":
        typer.echo(f"“{campaign.name}” waits for somebody else's approval: growth campaigns approve.")
        return
    told = f"at {at} ({zone})" if at is not None else "now" if not (again or cause) else "from now on"
    typer.echo(f"“{campaign.name}” goes to {who.reached:,}{'+' if who.capped else ''} people {told}.")


def send(which: Which) -> None:
    """Send it now."""
    _schedule(which, None, None, None, {})


COMMANDS: tuple[tuple[str, Any], ...] = (
    ("new", new),
    ("audience", audience),
    ("message", message),
    ("schedule", schedule),
    ("send", send),
)
