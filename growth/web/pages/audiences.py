"""Audiences: those saved, a new one, and the parts of the editor that change while somebody types."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from growth.campaigns.audiences.conditions import EVERYBODY, Node, checked, problem
from growth.campaigns.audiences.reading import PAGE, audience_by_id, audiences, conditions_of
from growth.campaigns.audiences.saving import create
from growth.errors import GrowthError, InvalidError
from growth.locales import N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.audience_count import NAMES, NOTHING, address_of, count_part, counted
from growth.web.audience_editor import editor
from growth.web.audience_form import FormDep, asks_for_change, conditions_from, tree_of_link
from growth.web.audience_words import conditions_text
from growth.web.navigation import NavEntry
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/audiences")
NAV = NavEntry(
    group=N_("Buyers"), label=N_("Audiences"), href="/audiences", icon="users-group", order=11, roles=(Role.MARKETER,)
)
Key = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
Text = Annotated[str, Query(max_length=300)]
Link = Annotated[str, Query(max_length=20_000)]
Seed = Annotated[int, Query(ge=0, le=2**31)]
_OWN_PAGES = re.compile(r"/audiences/(new|[0-9]{1,18})")


@router.get("", dependencies=[allow(Role.MARKETER)])
def list_audiences(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    *,
    find: Text = "",
    archived: bool = False,
    after: Key = None,
) -> Response:
    """The newest first."""
    clean = find.replace("\0", "").strip()
    found = audiences(session, find=clean, archived=archived, before=after, size=PAGE + 1)
    told = [(one, conditions_text(request, session, one.newest.conditions, viewer.time_zone)) for one in found[:PAGE]]
    return render(
        request,
        "audiences.html",
        listed=told,
        find=clean,
        archived=archived,
        first=after is None,
        next=found[PAGE - 1].audience.id if len(found) > PAGE else None,
    )


@router.get("/new", dependencies=[allow(Role.MARKETER)])
def new(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    c: Link = "",
    name: Text = "",
    counted_now: Annotated[bool, Query(alias="counted")] = False,
) -> Response:
    """One that isn't saved yet, with the conditions of the address."""
    tree = tree_of_link(c) or EVERYBODY
    count = counted(session, tree, clock.now()) if counted_now else None
    return editor_page(request, session, viewer, tree, name=name, count=count)


def editor_page(
    request: Request, session: SessionDep, viewer: Viewer, tree: Node, *, status: int = 200, **more: Any
) -> Response:
    """The page of one audience, saved or not; `more` are its values, `error` why it can't be saved."""
    error: GrowthError | None = more.pop("error", None)
    named = isinstance(error, InvalidError) and error.field == "name"
    values = {"audience": None, "name": "", "version": 0, "conflict": None, "versions": [], "used": []} | more
    count = values.pop("count", None)
    return render(
        request,
        "audience.html",
        status=status,
        editor=editor(request, session, tree, viewer.time_zone, error=None if named else error),
        errors={"name": error} if named else {},
        count=count,
        **(count or NOTHING) | NAMES | values | {"error": (count or NOTHING)["error"]},
    )


@router.post("/new", dependencies=[allow(Role.MARKETER)])
def make(request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, form: FormDep) -> Response:
    """Save it; or, without a script, change its shape or count it."""
    tree, name = conditions_from(form, zone=viewer.time_zone, locale=viewer.locale), str(form.get("name", ""))
    if (
        again := shaped(request, session, viewer, now=clock.now(), form=form, page="/audiences/new", tree=tree)
    ) is not None:
        return again
    try:
        made = create(session, name=name, conditions=tree, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return editor_page(request, session, viewer, tree, status=422, name=name, error=error)
    return toast(see_other(f"/audiences/{made.id}"), N_("“%(name)s” is saved."), name=made.name)


def shaped(
    request: Request,
    session: SessionDep,
    viewer: Viewer,
    *,
    now: datetime,
    form: FormDep,
    page: str,
    tree: Node,
    **more: Any,
) -> Response | None:
    """The page again with a changed shape, or counted; None when it is to be saved."""
    counting = form.get("do") == "count"
    if not counting and not asks_for_change(form):
        return None
    name = str(form.get("name", ""))[:300]
    if address := address_of(page, tree, name=name, counted="true" if counting else ""):
        return see_other(address)
    count = counted(session, tree, now) if counting else None
    return editor_page(request, session, viewer, tree, name=name, count=count, **more)


@router.post("/editor", dependencies=[allow(Role.MARKETER)])
def change(request: Request, session: SessionDep, viewer: ViewerDep, form: FormDep) -> Response:
    """The editor with a changed shape: a part of a page."""
    tree = conditions_from(form, zone=viewer.time_zone, locale=viewer.locale)
    shown = editor(request, session, tree, viewer.time_zone, focus=_focus(form))
    response = render(request, "audience_editor.html", editor=shown)
    response.headers["HX-Trigger-After-Settle"] = "audience-changed"
    return response


def _focus(form: FormDep) -> str:
    """The path that has the focus after a change: the new condition, or the group that lost one."""
    word, _, path = str(form.get("do", "")).partition(":")
    if word in {"add", "group"}:
        children = [name for name in form if re.fullmatch(re.escape(path) + r"\.[0-9]+\.(field|group)", name)]
        return f"{path}.{len(children)}" + (".0" if word == "group" else "")
    return path.rpartition(".")[0] if word == "remove" else path


@router.post("/count", dependencies=[allow(Role.MARKETER)])
def count(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    form: FormDep,
    *,
    seed: Seed = 1,
    exact: bool = False,
) -> Response:
    """How many it is, as it stands in the form: a part of a page."""
    tree = conditions_from(form, zone=viewer.time_zone, locale=viewer.locale)
    values = counted(session, tree, clock.now(), seed=seed, exactly=exact)
    page = str(form.get("page", ""))
    own = _OWN_PAGES.fullmatch(page)
    return count_part(request, values, _address(session, page, own[1], tree, form) if own else "")


def _address(session: SessionDep, page: str, number: str, tree: Node, form: FormDep) -> str:
    """What the browser shows: the page, and with it what isn't saved."""
    name = str(form.get("name", ""))[:300]
    audience = None if number == "new" else audience_by_id(session, int(number))
    saved, called = (conditions_of(session, audience), audience.name) if audience else (EVERYBODY, "")
    if problem(tree) is None and checked(tree) == saved and name == called:
        return page
    return address_of(page, tree, name=name)
