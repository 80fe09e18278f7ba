"""Sign-up forms: what they say, where they may stand, and how many who were asked said yes."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from growth.database.workspace import workspace
from growth.errors import InvalidError
from growth.locales import LOCALES, N_
from growth.people.accounts import Role
from growth.people.permission import forms, lists
from growth.people.permission.jurisdictions import NAMES, WORDING, rules
from growth.people.permission.records import MailingList, SignUpForm
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.navigation import NavEntry
from growth.web.rendering import render, see_other
from growth.web.sign_up_snippet import snippet
from growth.web.toasts import toast

router = APIRouter(prefix="/forms")
LOOKS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(group=N_("Buyers"), label=N_("Forms"), href="/forms", icon="file-text", order=14, roles=LOOKS)
FormId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_MORE = Query(ge=1, le=2**63 - 1)
_SHOWN = 50
STATES = {
    "waiting": (N_("Not yet"), ""),
    "confirmed": (N_("Confirmed"), "good"),
    "expired": (N_("Too late"), ""),
}


class Chosen(BaseModel):
    """A form as it was written on the page; its texts in the order of the languages."""

    key: str = Field("", max_length=500)
    name: str = Field("", max_length=500)
    list_id: int = Field(0, ge=0, le=2**63 - 1)
    heading: list[str] = []
    introduction: list[str] = []
    wording: list[str] = []
    button: list[str] = []
    thanks: list[str] = []
    asks_name: bool = False
    asks_country: bool = False
    always_confirms: bool = False
    thanks_url: str = ""
    origins: str = ""
    version: int = Field(0, ge=0, le=2**31)

    def texts(self) -> dict[str, dict[str, str]]:
        """By locale and part."""
        parts = {part: dict(zip(LOCALES, getattr(self, part), strict=False)) for part in forms.PARTS}
        return {locale: {part: said.get(locale, "") for part, said in parts.items()} for locale in LOCALES}

    def design(self) -> forms.Design:
        """In the room's words."""
        same = ("name", "list_id", "asks_name", "asks_country", "always_confirms", "thanks_url")
        kept: dict[str, Any] = {field: getattr(self, field) for field in same}
        return forms.Design(**kept, texts=self.texts(), origins=self.origins.splitlines())


def _as_chosen(form: SignUpForm) -> Chosen:
    same = ("key", "name", "list_id", "asks_name", "asks_country", "always_confirms", "version")
    kept = {field: getattr(form, field) for field in same}
    parts = {part: [form.texts.get(locale, {}).get(part, "") for locale in LOCALES] for part in forms.PARTS}
    return Chosen(**kept, **parts, thanks_url=form.thanks_url or "", origins="\n".join(form.origins))


@router.get("", dependencies=[allow(*LOOKS)])
def all_forms(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, *, archived: bool = False
) -> Response:
    """Every form with how many were asked and said yes."""
    found = forms.all_forms(session, archived=archived)
    return render(
        request,
        "sign_up_forms.html",
        forms=found,
        funnels=forms.funnels(session, [one.id for one in found], clock.now()),
        lists=_names(session, request),
        archived=archived,
        may=viewer.has(Role.MARKETER),
    )


def _names(session: Session, request: Request) -> dict[int, str]:
    found = [*lists.all_lists(session), *lists.all_lists(session, archived=True)]
    return {one.id: lists.in_words(one.names, request.state.viewer.locale) for one in found}


@router.get("/new", dependencies=[allow(Role.MARKETER)])
def new(
    request: Request, session: SessionDep, wanted: Annotated[int | None, Query(alias="list", ge=1, le=2**63 - 1)] = None
) -> Response:
    """Which list it is for, then a form that says something already."""
    every = lists.all_lists(session)
    chosen = next((one for one in every if one.id == wanted), every[0] if len(every) == 1 else None)
    if chosen is None:
        return render(request, "sign_up_form_new.html", lists=every, in_words=lists.in_words)
    return _editor(request, session, _starting(session, chosen), {})


def _starting(session: Session, wanted: MailingList) -> Chosen:
    place = workspace(session)
    texts = forms.starting_texts(place.name if place else "", wanted)
    parts = {part: [texts[locale][part] for locale in LOCALES] for part in forms.PARTS}
    key = wanted.key.replace("_", "-")
    return Chosen(key=key, name=lists.in_words(wanted.names, "en"), list_id=wanted.id, always_confirms=True, **parts)


def _editor(
    request: Request,
    session: Session,
    chosen: Chosen,
    errors: Mapping[str, InvalidError],
    *,
    form: SignUpForm | None = None,
) -> Response:
    texts = chosen.texts()
    return render(
        request,
        "sign_up_editor.html",
        status=422 if errors else 200,
        form=form,
        chosen=chosen,
        texts=texts,
        locales=LOCALES,
        needed=forms.NEEDED,
        lists=[(one.id, lists.in_words(one.names, request.state.viewer.locale)) for one in lists.all_lists(session)],
        errors=errors,
        wrong_locale=next((name.partition("_")[2] for name in errors if name.partition("_")[0] in forms.PARTS), ""),
        rules=[*rules()[1:], rules()[0]],
        rule_names=NAMES,
        wording=WORDING,
        address=f"{settings().public_url}/f/",
    )


@router.post("", dependencies=[allow(Role.MARKETER)])
def create(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, chosen: Annotated[Chosen, Form()]
) -> Response:
    """A new form, at once reachable."""
    try:
        made = forms.create(session, chosen.key.strip(), chosen.design(), actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _editor(request, session, chosen, {error.field: error})
    return toast(see_other(f"/forms/{made.id}"), N_("The form is made."))


@router.get("/{form_id}", dependencies=[allow(*LOOKS)])
def one(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    form_id: FormId,
    after: Annotated[int | None, _MORE] = None,
    lang: str = "",
) -> Response:
    """One form: who was asked, the link to it, and the snippet for other sites."""
    form = forms.form_by_id(session, form_id)
    asked = forms.confirmations(session, form_id, after=after, size=_SHOWN + 1)
    served, texts = forms.texts_in(form, lang if lang in LOCALES else viewer.locale)
    return render(
        request,
        "sign_up_form.html",
        form=form,
        texts=texts,
        served=served,
        offered=[locale for locale in LOCALES if locale in form.texts],
        list_name=_names(session, request)[form.list_id],
        funnel=forms.funnels(session, [form_id], clock.now())[form_id],
        confirmations=asked[:_SHOWN],
        states=STATES,
        first=after is None,
        next=asked[_SHOWN - 1].id if len(asked) > _SHOWN else None,
        snippet=snippet(form, served),
        address=f"{settings().public_url}/f/{form.key}",
        may=viewer.has(Role.MARKETER),
    )


@router.get("/{form_id}/edit", dependencies=[allow(Role.MARKETER)])
def edit(request: Request, session: SessionDep, form_id: FormId) -> Response:
    """What it says and asks for."""
    form = forms.form_by_id(session, form_id)
    return _editor(request, session, _as_chosen(form), {}, form=form)


@router.post("/{form_id}", dependencies=[allow(Role.MARKETER)])
def change(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    form_id: FormId,
    chosen: Annotated[Chosen, Form()],
) -> Response:
    """Save it; who sees it from now on agrees to the new words."""
    form = forms.form_by_id(session, form_id)
    try:
        forms.change(session, form, chosen.design(), version=chosen.version, actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _editor(request, session, chosen, {error.field: error}, form=form)
    return toast(see_other(f"/forms/{form_id}"), N_("The form is saved."))


@router.post("/{form_id}/archive", dependencies=[allow(Role.MARKETER)])
def archive(session: SessionDep, viewer: ViewerDep, clock: ClockDep, form_id: FormId) -> Response:
    """Close it: it takes no sign-ups any more, here or on other sites."""
    forms.archive(session, forms.form_by_id(session, form_id), actor=viewer.email, now=clock.now())
    return toast(see_other("/forms"), N_("The form is closed."), undo=f"/forms/{form_id}/restore")


@router.post("/{form_id}/restore", dependencies=[allow(Role.MARKETER)])
def restore(session: SessionDep, viewer: ViewerDep, clock: ClockDep, form_id: FormId) -> Response:
    """Open it again."""
    forms.restore(session, forms.form_by_id(session, form_id), actor=viewer.email, now=clock.now())
    return toast(see_other(f"/forms/{form_id}"), N_("The form is open again."))
