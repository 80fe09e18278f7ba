"""`/p/reports`: the end of the weekly report, by a button on a page or by a mail program's own (RFC 8058)."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse

from growth.locales import N_, closest, translate
from growth.measurement.reports.readers import read_stop, set_wish, wants
from growth.web.access import ClockDep, SessionDep, public
from growth.web.rendering import render, see_other

router = APIRouter(prefix="/p/reports")


@router.get("", dependencies=[public()])
def stop_page(request: Request, session: SessionDep, t: str = "") -> Response:
    """What would end, and a button: opening a page ends nothing, since programs open pages too."""
    account = read_stop(session, t)
    locale = closest(request.cookies.get("locale")) or closest(account.locale) or "en"
    wanted = wants(session, account.id, [role.role for role in account.roles])
    response = render(request, "report_letters.html", locale=locale, token=t, address=account.email, wanted=wanted)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@router.post("", dependencies=[public(cross_site=True)])
def stop(
    session: SessionDep,
    clock: ClockDep,
    t: str = "",
    one_click: Annotated[str, Form(alias="List-Unsubscribe")] = "",
) -> Response:
    """End it; again changes nothing."""
    account = read_stop(session, t)
    set_wish(session, account.id, clock.now(), wanted=False)
    if one_click:
        return PlainTextResponse(translate(closest(account.locale) or "en", N_("You get no more weekly reports.")))
    return see_other(f"/p/reports?t={t}")
