"""`growth campaigns pause|resume|speed|…`: what is done with a campaign that is made."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growth.commands.campaign_work import ACTOR, Which
from growth.commands.connect import work

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from growth.campaigns.records import Campaign

By = Annotated[str, typer.Option("--by", help="Address of the account that says so.")]


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


def take_back(which: Which) -> None:
    """Make a draft of it again, to change it."""
    from growth.campaigns import planning

    _act(which, planning.take_back)


def skip(which: Which) -> None:
    """Leave out the time that a recurring campaign waits for, or missed."""
    from growth.campaigns import planning

    _act(which, planning.skip)


def _act(which: str, action: Callable[..., "Campaign"], **more: Any) -> None:
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        campaign = action(session, find_campaign(session, which).id, **{"actor": ACTOR, "now": now} | more)
        typer.echo(f"“{campaign.name}” is {campaign.state}.")


def archive(
    which: Which, *, back: Annotated[bool, typer.Option("--back", help="Bring it back into the list.")] = False
) -> None:
    """Archive what has ended, so that the list leaves it out."""
    from growth.campaigns import planning

    _act(which, planning.archive, archived=not back)


def speed(
    which: Which, per_hour: Annotated[str, typer.Argument(help="Messages an hour, or “none” for no limit.")]
) -> None:
    """Change how fast it is sent, also while it is."""
    from growth.campaigns.changing import change_speed
    from growth.campaigns.fields import per_hour_in

    _act(which, change_speed, per_hour=per_hour_in("" if per_hour == "none" else per_hour))


def approve(which: Which, *, by: By) -> None:
    """Let a large campaign go out that somebody else has scheduled."""
    from growth.campaigns.approving import approve as let_go
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        found = find_campaign(session, which)
        campaign = let_go(session, found.id, version=found.version, actor=_approver(session, by), now=now)
        typer.echo(f"“{campaign.name}” is {campaign.state}.")


def send_back(which: Which, note: Annotated[str, typer.Argument(help="What has to change.")], *, by: By) -> None:
    """Don't approve it, and say why."""
    from growth.campaigns.approving import send_back as refuse
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        found = find_campaign(session, which)
        campaign = refuse(session, found.id, note=note, actor=_approver(session, by), now=now)
        typer.echo(f"“{campaign.name}” is {campaign.state}.")


def _approver(session: "Session", email: str) -> str:
    """The address of an account that may approve campaigns."""
    from growth.people.accounts import Role
    from growth.people.staff import account_by_email

    account = account_by_email(session, email)
    if not {role.role for role in account.roles} & {Role.ADMIN, Role.MANAGER, Role.MARKETER}:
        raise typer.BadParameter(f"{email} is neither a marketer nor a manager.")
    return account.email


def rest(
    which: Which,
    *,
    message: Annotated[str | None, typer.Option(help="Another message.")] = None,
    version: Annotated[int | None, typer.Option(help="A version of it.")] = None,
    subject: Annotated[list[str] | None, typer.Option("--subject", help="LOCALE=TEXT. Repeatable.")] = None,
) -> None:
    """While it is paused in the middle, change the message of those who haven't been sent it yet."""
    from growth.campaigns.changing import Rest, edit_rest
    from growth.campaigns.reading import find_campaign

    if not all("=" in one for one in subject or []):
        raise typer.BadParameter("Write a subject as LOCALE=TEXT, such as ru=Новая тема.")
    subjects = dict(one.split("=", 1) for one in subject or [])
    with work() as (session, now):
        found = find_campaign(session, which)
        wanted = Rest(message or found.message, version, subjects)
        campaign = edit_rest(session, found.id, wanted, version=found.version, actor=ACTOR, now=now)
        typer.echo(f"The rest of “{campaign.name}” is changed; it is paused until you resume it.")


def duplicate(which: Which) -> None:
    """Make a draft like it."""
    from growth.campaigns import planning
    from growth.campaigns.reading import find_campaign

    with work() as (session, now):
        copy = planning.duplicate(session, find_campaign(session, which).id, actor=ACTOR, now=now)
        typer.echo(f"Draft {copy.id} “{copy.name}” is made. Nothing is sent yet.")


COMMANDS: tuple[tuple[str, Any], ...] = (
    ("pause", pause),
    ("resume", resume),
    ("speed", speed),
    ("rest", rest),
    ("cancel", cancel),
    ("take-back", take_back),
    ("skip", skip),
    ("approve", approve),
    ("send-back", send_back),
    ("duplicate", duplicate),
    ("archive", archive),
)
