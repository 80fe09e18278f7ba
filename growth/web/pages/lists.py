"""Mailing lists: what people can subscribe to, and who is on each."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from growth.campaigns.reading import campaigns_to
from growth.errors import InvalidError
from growth.locales import LOCALES, N_
from growth.people.accounts import Role
from growth.people.consent import MARKETING, PURPOSES
from growth.people.identity import EMAIL
from growth.people.permission import forms, lists
from growth.people.permission.records import MailingList
from growth.people.reading import addresses_of, names_of
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.channel_words import SIDE_NAMES
from growth.web.navigation import NavEntry
from growth.web.rendering import render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/lists")
LOOKS = (Role.MARKETER, Role.MANAGER)
NAV = NavEntry(group=N_("Buyers"), label=N_("Lists"), href="/lists", icon="list", order=13, roles=LOOKS)
ListId = Annotated[int, Path(ge=1, le=2**63 - 1)]
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
_SHOWN = 50
_CAMPAIGNS = 10


class Chosen(BaseModel):
    """A list as it was written into the form; names and descriptions in the order of the languages."""

    key: str = Field("", max_length=500)
    side: str = Field("", max_length=50)
    purpose: str = Field(MARKETING, max_length=50)
    names: list[str] = []
    descriptions: list[str] = []
    public: bool = False

    def topic(self) -> lists.Topic:
        """In the room's words."""
        names, descriptions = (dict(zip(LOCALES, texts, strict=False)) for texts in (self.names, self.descriptions))
        return lists.Topic(names=names, descriptions=descriptions, public=self.public)


@router.get("", dependencies=[allow(*LOOKS)])
def all_lists(request: Request, session: SessionDep, viewer: ViewerDep, *, archived: bool = False) -> Response:
    """Every list with how many are on it."""
    found = lists.all_lists(session, archived=archived)
    return render(
        request,
        "lists.html",
        lists=found,
        counts=lists.counts(session, [one.id for one in found]),
        archived=archived,
        may=viewer.has(Role.MARKETER),
        sides=SIDE_NAMES,
        purposes=PURPOSES,
        in_words=lists.in_words,
    )


@router.get("/new", dependencies=[allow(Role.MARKETER)])
def new(request: Request) -> Response:
    """An empty form."""
    return _form(request, Chosen(side=lists.SIDES[0], public=True), {})


def _form(request: Request, chosen: Chosen, errors: Mapping[str, InvalidError]) -> Response:
    status = 422 if errors else 200
    return render(
        request,
        "list_new.html",
        status=status,
        purposes=PURPOSES,
        sides=SIDE_NAMES,
        errors=errors,
        **_shown(chosen.topic()),
        chosen=chosen,
    )


def _shown(topic: lists.Topic) -> dict[str, Any]:
    return {"locales": LOCALES, "names": topic.names, "descriptions": topic.descriptions, "public": topic.public}


@router.post("", dependencies=[allow(Role.MARKETER)])
def create(
    request: Request, session: SessionDep, viewer: ViewerDep, clock: ClockDep, chosen: Annotated[Chosen, Form()]
) -> Response:
    """A new list."""
    try:
        made = lists.create(
            session,
            chosen.key.strip(),
            chosen.side,
            chosen.topic(),
            purpose=chosen.purpose,
            actor=viewer.email,
            now=clock.now(),
        )
    except InvalidError as error:
        return _form(request, chosen, {error.field: error})
    return toast(see_other(f"/lists/{made.id}"), N_("The list is made."))


@router.get("/{list_id}", dependencies=[allow(*LOOKS)])
def one(request: Request, session: SessionDep, viewer: ViewerDep, list_id: ListId, *, after: After = None) -> Response:
    """One list: who is on it, and what it is called."""
    found = lists.list_by_id(session, list_id)
    topic = lists.Topic(names=found.names, descriptions=found.descriptions, public=found.public)
    return _one(request, session, found, topic, may=viewer.has(Role.MARKETER), after=after)


def _one(
    request: Request,
    session: Session,
    found: MailingList,
    topic: lists.Topic,
    *,
    may: bool,
    after: int | None = None,
    errors: Mapping[str, InvalidError] | None = None,
) -> Response:
    members = lists.members(session, found.id, after=after, size=_SHOWN + 1)
    people = [member.person_id for member in members[:_SHOWN]]
    addresses = addresses_of(session, people)
    return render(
        request,
        "list.html",
        status=422 if errors else 200,
        list=found,
        name=lists.in_words(found.names, "en"),
        sides=SIDE_NAMES,
        purposes=PURPOSES,
        may=may,
        count=lists.counts(session, [found.id])[found.id],
        members=members[:_SHOWN],
        person_names=names_of(session, people),
        emails={person: kinds.get(EMAIL, []) for person, kinds in addresses.items()},
        forms=forms.forms_of(session, found.id),
        campaigns=campaigns_to(session, found.id, _CAMPAIGNS),
        first=after is None,
        next=people[-1] if len(members) > _SHOWN else None,
        errors=errors or {},
        **_shown(topic),
    )


@router.post("/{list_id}", dependencies=[allow(Role.MARKETER)])
def change(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    *,
    list_id: ListId,
    chosen: Annotated[Chosen, Form()],
) -> Response:
    """Save what it is called."""
    found = lists.list_by_id(session, list_id)
    try:
        lists.change(session, found, chosen.topic(), actor=viewer.email, now=clock.now())
    except InvalidError as error:
        return _one(request, session, found, chosen.topic(), may=True, errors={error.field: error})
    return toast(see_other(f"/lists/{list_id}"), N_("The list is saved."))


@router.post("/{list_id}/archive", dependencies=[allow(Role.MARKETER)])
def archive(session: SessionDep, viewer: ViewerDep, clock: ClockDep, list_id: ListId) -> Response:
    """Put it away: nobody can subscribe to it any more."""
    lists.archive(session, lists.list_by_id(session, list_id), actor=viewer.email, now=clock.now())
    return toast(see_other("/lists"), N_("The list is in the archive."), undo=f"/lists/{list_id}/restore")


@router.post("/{list_id}/restore", dependencies=[allow(Role.MARKETER)])
def restore(session: SessionDep, viewer: ViewerDep, clock: ClockDep, list_id: ListId) -> Response:
    """Take it back."""
    lists.restore(session, lists.list_by_id(session, list_id), actor=viewer.email, now=clock.now())
    return toast(see_other(f"/lists/{list_id}"), N_("The list is back."))
