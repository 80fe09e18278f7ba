"""One message: its files beside what they become, saved as a new version."""

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.messages.comparing import differences
from growth.campaigns.messages.listing import used_by
from growth.campaigns.messages.records import Message
from growth.campaigns.messages.refusals import MessageError
from growth.campaigns.messages.saving import LONGEST_NOTE, ChangedError, check, save
from growth.campaigns.messages.sources import FILES, Source, shipped_names, source_of
from growth.campaigns.messages.variables import VARIABLES
from growth.errors import GrowthError, InvalidError
from growth.locales import LANGUAGE_NAMES, N_
from growth.people.accounts import Role
from growth.web.access import ClockDep, SessionDep, Viewer, ViewerDep, allow
from growth.web.campaign_words import message_title
from growth.web.message_frames import SCHEMES, framed
from growth.web.pages.templates import LOOKS
from growth.web.rendering import render, said, see_other
from growth.web.template_views import (
    FIELDS,
    Edited,
    errors_by_field,
    insertions,
    not_offered,
    seen,
    sentence_rows,
    shown_locale,
)
from growth.web.toasts import toast

router = APIRouter(prefix="/templates")
Form_ = Annotated[Edited, Form()]
Number = Annotated[int | None, Query(ge=0, le=2**31)]
_UNSAID = N_(
    "Version %(version)s is saved. Who reads %(languages)s gets nothing of it until all sentences have a text."
)
SCHEME_NAMES = {"auto": N_("As the reader has it"), "light": N_("Light"), "dark": N_("Dark")}


@router.get("/{name}", dependencies=[allow(*LOOKS)])
def message_page(request: Request, session: SessionDep, viewer: ViewerDep, name: str, locale: str = "") -> Response:
    """The newest version, to be changed."""
    return _page(request, session, viewer, source_of(session, name), wanted=locale)


@router.post("/{name}", dependencies=[allow(Role.MARKETER)])
def save_version(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, name: str, *, edited: Form_
) -> Response:
    """Save what was changed as a new version, checked in all of its languages."""
    source_of(session, name)
    asked: dict[str, Any] = {"wanted": edited.locale, "scheme": edited.scheme, "note": edited.note}
    try:
        made = save(
            session,
            name,
            edited.files(),
            edited.texts(),
            version=edited.version,
            note=edited.note,
            actor=viewer.email,
            now=clock.now(),
        )
    except MessageError:
        source = edited.source(name)
        return _page(request, session, viewer, source, status=422, version=edited.version, **asked)
    except InvalidError as error:
        source = edited.source(name)
        wrong = {error.field: error}
        return _page(request, session, viewer, source, status=422, errors=wrong, version=edited.version, **asked)
    except ChangedError as error:
        rows = differences(error.newest, edited.source(name))
        theirs = error.newest.version
        mine = edited.source(name)
        return _page(request, session, viewer, mine, status=409, conflict=rows, version=theirs, **asked)
    if made == edited.version:
        return toast(see_other(f"/templates/{name}"), N_("Nothing was changed, so nothing was saved."))
    if unsaid := not_offered(source_of(session, name)):
        languages = ", ".join(LANGUAGE_NAMES[locale] for locale in unsaid)
        return toast(see_other(f"/templates/{name}"), _UNSAID, version=made, languages=languages)
    return toast(see_other(f"/templates/{name}"), N_("Version %(version)s is saved."), version=made)


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    source: Source,
    *,
    wanted: str,
    status: int = 200,
    **more: Any,
) -> Response:
    findings = check(source)
    values: dict[str, Any] = {
        "version": source.version,
        "scheme": "auto",
        "note": "",
        "conflict": None,
        "errors": {},
    } | more
    values["errors"] = errors_by_field(findings) | values["errors"]
    return render(
        request,
        "template.html",
        status=status,
        **values,
        **_shown(request, session, source, wanted),
        **_about(session, source),
        findings=findings,
        rows=sentence_rows(source),
        insertions=insertions(),
        labels={key: one.label for key, one in VARIABLES.items()},
        title_of=message_title,
        may=viewer.has(Role.MARKETER),
        schemes=SCHEME_NAMES,
        longest_note=LONGEST_NOTE,
    )


def _about(session: Session, source: Source) -> dict[str, Any]:
    """The message itself: its files by their fields, what it is called, and where it is used."""
    row = session.get(Message, source.name)
    there = [file for file in FILES if file in source.files or file != "body.html"]
    return {
        "source": source,
        "kind": source.body.partition(".")[2],
        "files": {FIELDS[file]: source.files.get(file, "") for file in there},
        "title": message_title(source.name),
        "shipped": source.name in shipped_names(),
        "archived": bool(row and row.archived_at),
        "campaigns": used_by(session, source.name),
    }


def _shown(request: Request, session: Session, source: Source, wanted: str | None) -> dict[str, Any]:
    """Subject and preheader in a language, or why there are none."""
    locale = shown_locale(request, source, wanted)
    try:
        return {"locale_shown": locale, "made": seen(session, source, locale), "error": None}
    except GrowthError as error:
        return {"locale_shown": locale, "made": None, "error": error}


@router.post("/{name}/look", dependencies=[allow(Role.MARKETER)])
def look(request: Request, session: SessionDep, name: str, edited: Form_) -> Response:
    """What is found in what isn't saved yet: a part of the page."""
    source_of(session, name)
    try:
        source = edited.source(name)
    except InvalidError as error:
        return render(request, "template_look.html", findings=None, made=None, error=error)
    shown = _shown(request, session, source, edited.locale)
    return render(request, "template_look.html", findings=check(source), source=source, **shown)


@router.post("/{name}/frame", dependencies=[allow(Role.MARKETER)])
def unsaved(request: Request, session: SessionDep, name: str, edited: Form_) -> Response:
    """The message as it would be, for the frame beside the form."""
    source_of(session, name)
    return _framed(request, session, edited.source(name), edited.locale, edited.scheme)


@router.get("/{name}/frame", dependencies=[allow(*LOOKS)])
def saved(
    request: Request,
    session: SessionDep,
    name: str,
    *,
    locale: str = "",
    scheme: str = "auto",
    version: Number = None,
) -> Response:
    """A version that was saved, for a frame."""
    return _framed(request, session, source_of(session, name, version), locale, scheme)


def _framed(request: Request, session: Session, source: Source, locale: str, scheme: str) -> Response:
    """The message alone; or in its place what is wrong with it."""
    try:
        shown = seen(session, source, shown_locale(request, source, locale))
    except GrowthError as error:
        words = [said(request, one, **error.values) for one in (error.message, error.remedy) if one]
        page = f"<p style='font:15px/1.5 system-ui;margin:24px'>{escape(' '.join(words))}</p>"
        return framed(page)
    return framed(shown.html, scheme if scheme in SCHEMES else "auto")
