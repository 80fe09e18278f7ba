"""The workspace: name, time zone, currency and sender."""

from typing import Annotated

from babel.numbers import get_currency_name
from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.database.audit import audit
from growth.database.workspace import Workspace
from growth.errors import InvalidError
from growth.events.records import HookRefusal
from growth.events.refused import refused_lately
from growth.locales import N_
from growth.measurement.rolling_up import start_over
from growth.people.accounts import Role
from growth.people.set_up import CURRENCIES, time_zones
from growth.web.access import ClockDep, SessionDep, ViewerDep, allow
from growth.web.navigation import NavEntry
from growth.web.organisation_form import OrganisationForm
from growth.web.rendering import locale_of, render, see_other
from growth.web.toasts import toast

router = APIRouter(prefix="/settings")
NAV = NavEntry(group=N_("Run"), label=N_("Settings"), href="/settings", icon="settings", order=40, roles=(Role.ADMIN,))


@router.get("", dependencies=[allow()])
def settings_page(request: Request, session: SessionDep, clock: ClockDep) -> Response:
    """The form."""
    place = _place(session)
    asked = OrganisationForm(
        organisation=place.name,
        time_zone=place.time_zone,
        currency=place.currency,
        sender_name=place.sender_name,
        sender_email=place.sender_email,
        postal_address=place.postal_address,
    )
    return _page(request, asked, {}, hook=refused_lately(session, "sendgrid", clock.now()))


@router.post("", dependencies=[allow()])
def save_settings(
    request: Request,
    session: SessionDep,
    viewer: ViewerDep,
    clock: ClockDep,
    asked: Annotated[OrganisationForm, Form()],
) -> Response:
    """Keep it, with what changed in the audit log."""
    wrong = asked.place().problems()
    if wrong:
        return _page(request, asked, wrong, status=422)
    place = _place(session)
    changed = {
        name: {"before": before, "after": after}
        for name, after in asked.place().columns().items()
        if (before := getattr(place, name)) != after
    }
    for name, change in changed.items():
        setattr(place, name, change["after"])
    if changed.keys() & {"time_zone", "currency"}:
        start_over(session, clock.now())
    if changed:
        audit(session, actor=viewer.email, action="settings", subject=place.name, detail=changed, now=clock.now())
    return toast(see_other("/settings"), N_("Settings saved."))


def _place(session: Session) -> Workspace:
    return session.get_one(Workspace, 1, with_for_update=True)


def _page(
    request: Request,
    asked: OrganisationForm,
    wrong: dict[str, InvalidError],
    *,
    status: int = 200,
    hook: HookRefusal | None = None,
) -> Response:
    locale = locale_of(request)
    return render(
        request,
        "settings.html",
        status=status,
        asked=asked,
        errors=wrong,
        hook=hook,
        zones=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        currencies=[(code, f"{get_currency_name(code, locale=locale)} ({code})") for code in CURRENCIES],
    )
