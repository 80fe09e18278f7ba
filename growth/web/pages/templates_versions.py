"""The versions of a message: looked at, compared, taken up again."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from growth.campaigns.messages.comparing import differences
from growth.campaigns.messages.listing import PAGE, versions
from growth.campaigns.messages.saving import COPIED, RESTORED
from growth.campaigns.messages.saving import restore as take_up
from growth.campaigns.messages.sources import shipped_names, source_of
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.campaign_words import message_title
from growth.web.pages.templates import LOOKS
from growth.web.rendering import locale_of, render, said, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/templates")
Number = Annotated[int | None, Query(ge=0, le=2**31)]


@router.get("/{name}/versions", dependencies=[allow(*LOOKS)])
def list_versions(
    request: Request, session: SessionDep, viewer: ViewerDep, name: str, before: Number = None
) -> Response:
    """The newest first, and the shipped one at the end."""
    source = source_of(session, name)
    found = versions(session, name, before=before, size=PAGE + 1)
    return render(
        request,
        "template_versions.html",
        name=name,
        title=message_title(name),
        newest=source.version,
        listed=[(one, note_words(request, one.note)) for one in found[:PAGE]],
        older=found[PAGE - 1].version if len(found) > PAGE else None,
        shipped=name in shipped_names() and len(found) <= PAGE,
        may=viewer.has(Role.MARKETER),
    )


def note_words(request: Request, note: str) -> str:
    """What was noted of a version, in words where nobody wrote it."""
    if note == f"{RESTORED}0":
        return said(request, N_("The shipped one again"))
    if note.startswith(RESTORED):
        return said(request, N_("Version %(version)s again"), version=note.removeprefix(RESTORED))
    if note.startswith(COPIED):
        return said(request, N_("A copy of “%(name)s”"), name=message_title(note.removeprefix(COPIED)))
    return note


@router.get("/{name}/compare", dependencies=[allow(*LOOKS)])
def compare(request: Request, session: SessionDep, name: str, old: Number = None, new: Number = None) -> Response:
    """What was changed between two versions; without numbers, by the newest."""
    after = source_of(session, name, new)
    before = source_of(session, name, max(after.version - 1, 0) if old is None else old)
    return render(
        request,
        "template_compare.html",
        name=name,
        title=message_title(name),
        before=before,
        after=after,
        rows=differences(before, after),
        locale_shown=locale_of(request),
    )


@router.post("/{name}/restore", dependencies=[allow(Role.MARKETER)])
def restore(
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    name: str,
    *,
    wanted: Annotated[int, Form(ge=0, le=2**31)],
    version: Annotated[int, Form()],
) -> Response:
    """Take an earlier version up again."""
    made = take_up(session, name, wanted, version=version, actor=viewer.email, now=clock.now())
    if made == version:
        return toast(see_other(f"/templates/{name}/versions"), N_("This is what it is already."))
    return toast(
        see_other(f"/templates/{name}/versions"),
        N_("Version %(wanted)s holds again, as version %(version)s."),
        wanted=wanted,
        version=made,
    )
