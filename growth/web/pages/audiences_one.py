"""One saved audience: its conditions beside how many they are of, its versions, and the campaigns that use it."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response

from growth.campaigns.audiences import saving
from growth.campaigns.audiences.comparing import compared
from growth.campaigns.audiences.reading import audience_by_id, conditions_of, used_in, version_of, versions
from growth.campaigns.audiences.saving import ChangedError
from growth.errors import InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.audience_count import counted
from growth.web.audience_form import FormDep, conditions_from, tree_of_link
from growth.web.audience_words import conditions_text, lines, words_for
from growth.web.pages.audiences import Link, Text, editor_page, shaped
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/audiences")
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/{audience_id}", dependencies=[allow(Role.MARKETER)])
def one(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    audience_id: Number,
    *,
    c: Link = "",
    name: Text = "",
    counted_now: Annotated[bool, Query(alias="counted")] = False,
) -> Response:
    """Its newest conditions, or those of the address that aren't saved yet."""
    audience = audience_by_id(session, audience_id)
    tree = tree_of_link(c) or conditions_of(session, audience)
    return editor_page(
        request,
        session,
        viewer,
        tree,
        audience=audience,
        name=name or audience.name,
        version=audience.version,
        versions=versions(session, audience_id),
        used=used_in(session, audience_id),
        count=counted(session, tree, clock.now()) if counted_now else None,
    )


@router.post("/{audience_id}", dependencies=[allow(Role.MARKETER)])
def save(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    audience_id: Number,
    *,
    form: FormDep,
) -> Response:
    """Save it as a new version; or, without a script, change its shape or count it."""
    audience = audience_by_id(session, audience_id)
    tree, name = conditions_from(form, zone=viewer.time_zone, locale=viewer.locale), str(form.get("name", ""))
    version = _version(form)
    values = {"audience": audience, "name": name, "version": version}
    page = f"/audiences/{audience_id}"
    if (
        again := shaped(request, session, viewer, now=clock.now(), form=form, page=page, tree=tree, **values)
    ) is not None:
        return again
    try:
        saving.save(
            session, audience_id, name=name, conditions=tree, version=version, actor=viewer.email, now=clock.now()
        )
    except ChangedError as error:
        told = {
            "theirs": conditions_text(request, session, error.conditions, viewer.time_zone),
            "mine": conditions_text(request, session, tree, viewer.time_zone),
            "name": error.name,
        }
        return editor_page(
            request, session, viewer, tree, status=409, **values | {"version": error.version, "conflict": told}
        )
    except InvalidError as error:
        return editor_page(request, session, viewer, tree, status=422, **values, error=error)
    return toast(see_other(page), N_("“%(name)s” is saved."), name=audience.name)


def _version(form: FormDep) -> int:
    text = str(form.get("version", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


@router.get("/{audience_id}/versions/{number}", dependencies=[allow(Role.MARKETER)])
def version(request: Request, session: SessionDep, viewer: ViewerDep, audience_id: Number, number: Number) -> Response:
    """An older version beside the newest: what was taken out, and what was put in."""
    audience = audience_by_id(session, audience_id)
    old, new = version_of(session, audience_id, number), version_of(session, audience_id, audience.version)
    before, after = (
        lines(words_for(request, session, tree.conditions, viewer.time_zone), tree.conditions) for tree in (old, new)
    )
    return render(request, "audience_version.html", audience=audience, old=old, new=new, rows=compared(before, after))


@router.post("/{audience_id}/versions/{number}/restore", dependencies=[allow(Role.MARKETER)])
def restore(
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    audience_id: Number,
    number: Number,
    *,
    version: Annotated[int, Form(ge=0, le=2**31)] = 0,
) -> Response:
    """Save its conditions again, as the newest version."""
    saving.restore(session, audience_id, number, version=version, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/audiences/{audience_id}"), N_("Version %(number)s holds again."), number=number)


@router.post("/{audience_id}/duplicate", dependencies=[allow(Role.MARKETER)])
def duplicate(session: SessionDep, viewer: ViewerDep, clock: ClockDep, audience_id: Number) -> Response:
    """A copy under a free name."""
    made = saving.duplicate(session, audience_id, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/audiences/{made.id}"), N_("This is the copy, “%(name)s”."), name=made.name)


@router.post("/{audience_id}/archive", dependencies=[allow(Role.MARKETER)])
def archive(session: SessionDep, viewer: ViewerDep, clock: ClockDep, audience_id: Number) -> Response:
    """Put it away."""
    put = saving.archive(session, audience_id, archived=True, actor=viewer.email, now=clock.now())
    undo = f"/audiences/{audience_id}/bring-back"
    return toast(see_other("/audiences"), N_("“%(name)s” is archived."), undo=undo, name=put.name)


@router.post("/{audience_id}/bring-back", dependencies=[allow(Role.MARKETER)])
def bring_back(session: SessionDep, viewer: ViewerDep, clock: ClockDep, audience_id: Number) -> Response:
    """Take it out of the archive."""
    found = saving.archive(session, audience_id, archived=False, actor=viewer.email, now=clock.now())
    return toast(see_other(f"/audiences/{audience_id}"), N_("“%(name)s” is back."), name=found.name)
