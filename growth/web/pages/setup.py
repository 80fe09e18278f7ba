"""The first visit: one page that sets the product up, and is gone afterwards."""

from typing import Annotated

from babel.numbers import get_currency_name
from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.orm import Session

from growth.database.workspace import workspace
from growth.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from growth.locales import N_
from growth.people.set_up import CURRENCIES, Administrator, set_up, time_zones
from growth.people.sign_in import open_session
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, public
from growth.web.first_visit import may_set_up
from growth.web.machine import machine
from growth.web.organisation_form import OrganisationForm
from growth.web.pages.sign_in import with_session
from growth.web.rendering import locale_of, render, see_other

router = APIRouter()


class Asked(OrganisationForm):
    """The form's fields, as they were typed; those of the first account too."""

    time_zone: str = "UTC"
    currency: str = "USD"
    name: str = ""
    email: str = ""
    password: str = ""
    token: str = ""

    def admin(self) -> Administrator:
        """What it says about the first account."""
        return Administrator(self.name, self.email, self.password)


@router.get("/setup", dependencies=[public()])
def setup_page(request: Request, session: SessionDep, token: str = "") -> Response:
    """The form, for who may fill it in."""
    if workspace(session) is not None:
        return see_other("/")
    _check_visitor(request, token)
    return _page(request, session, Asked(token=token), {})


@router.post("/setup", dependencies=[public()])
def finish_setup(request: Request, session: SessionDep, clock: ClockDep, asked: Annotated[Asked, Form()]) -> Response:
    """Set up and sign in, or the form again with what is wrong."""
    _check_empty(session)
    _check_visitor(request, asked.token)
    wrong = asked.place().problems() | asked.admin().problems()
    if wrong:
        return _page(request, session, asked, wrong, status=422)
    account = set_up(session, asked.place(), asked.admin(), clock.now())
    return with_session(see_other("/"), open_session(session, account.id, clock.now()))


@router.post("/setup/sample", dependencies=[public()])
def look_around(request: Request, session: SessionDep, token: Annotated[str, Form()] = "") -> Response:
    """Fill the empty product with the demo."""
    _check_empty(session)
    _check_visitor(request, token)
    if request.app.state.sample_data is None:
        raise NotFoundError(N_("Sample data can't be loaded here."), remedy=N_("Start with “growth run” instead."))
    request.app.state.sample_data()
    return see_other("/login")


def _page(
    request: Request, session: Session, asked: Asked, wrong: dict[str, InvalidError], *, status: int = 200
) -> Response:
    locale = locale_of(request)
    return render(
        request,
        "setup.html",
        status=status,
        asked=asked,
        errors=wrong,
        zones=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        currencies=[(code, f"{get_currency_name(code, locale=locale)} ({code})") for code in CURRENCIES],
        machine=machine(session, settings()),
        sample=request.app.state.sample_data is not None,
    )


def _check_empty(session: Session) -> None:
    if workspace(session) is not None:
        raise ConflictError(N_("This installation was set up already."), remedy=N_("Sign in instead."))


def _check_visitor(request: Request, token: str) -> None:
    if not may_set_up(request, token):
        raise RefusedError(
            N_("This installation waits to be set up by whoever started it."),
            remedy=N_("Open the address that was printed where growth was started: it holds a token."),
        )
