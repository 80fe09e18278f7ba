"""`/f/{form}`: the hosted form, what other sites post to it, and the snippet by which they do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from growth.campaigns.letters.asking import sign_up
from growth.database.workspace import workspace
from growth.errors import InvalidError
from growth.locales import N_, closest
from growth.people.identity import normalise_email
from growth.people.permission import guarding
from growth.people.permission.address_traits import mailbox_of
from growth.people.permission.confirming import SUBSCRIPTION, Wish
from growth.people.permission.forms import open_form, texts_in
from growth.people.permission.guarding import Verdict
from growth.people.permission.records import SignUpForm
from growth.settings import settings
from growth.web.access import ClockDep, SessionDep, preferred_locale, public
from growth.web.failures import answer
from growth.web.headers import POLICY
from growth.web.people_words import country_choices
from growth.web.rendering import render, see_other
from growth.web.sign_up_snippet import snippet

router = APIRouter(prefix="/f")
_AGAIN = {
    Verdict.TOO_FAST: N_("That was very quick. Please look at it once more and send it again."),
    Verdict.TOO_OLD: N_("This form was open for a long time. Please send it once more."),
    Verdict.CHANGED: N_("The text of this form has changed. Please read it and send it once more."),
}
_LONGEST_NAME = 80


class Filled(BaseModel):
    """What a visitor wrote; `website` is a field that only robots see."""

    email: str = Field("", max_length=500)
    name: str = Field("", max_length=500)
    country: str = Field("", max_length=50)
    website: str = Field("", max_length=500)
    stamp: str = Field("", max_length=500)


@router.get("/{key}", dependencies=[public()])
def form_page(request: Request, session: SessionDep, clock: ClockDep, key: str, lang: str = "") -> Response:
    """The form, in the language of the link, of the reader's choice or of their browser."""
    form = open_form(session, key)
    return _page(request, session, form, closest(lang) or preferred_locale(request), clock.now())


@router.get("/{key}/thanks", dependencies=[public()])
def thanks(request: Request, session: SessionDep, key: str, lang: str = "") -> Response:
    """What comes after; the same for every address, known or not."""
    form, locale = open_form(session, key), closest(lang) or preferred_locale(request)
    _, texts = texts_in(form, locale)
    _demo(request, session)
    return _hidden(render(request, "sign_up_thanks.html", locale=locale, texts=texts, again=f"/f/{key}/thanks"))


@router.get("/{key}/embed", dependencies=[public()])
def embed(request: Request, session: SessionDep, key: str, lang: str = "") -> Response:
    """The form as HTML for a page of another site; it works there once that site is allowed."""
    form = open_form(session, key)
    return PlainTextResponse(snippet(form, closest(lang) or preferred_locale(request)))


@router.post("/{key}", dependencies=[public(cross_site=True)])
def submit(
    request: Request,
    session: SessionDep,
    clock: ClockDep,
    *,
    key: str,
    filled: Annotated[Filled, Form()],
    lang: str = "",
) -> Response:
    """Take a form that was sent from here or from a site that may have it."""
    form, now = open_form(session, key), clock.now()
    origin = guarding.origin_of(request.headers.get("origin"), request.headers.get("referer"))
    embedded = not _is_ours(request, origin)
    if embedded:
        guarding.check_embedding(form, origin)
    shown = guarding.shown_or_none(filled.stamp)
    locale = shown.locale if shown else closest(lang) or preferred_locale(request)
    if filled.website:
        return _done(form, locale)
    verdict = guarding.judge(shown, form, now, embedded=embedded)
    if verdict is not Verdict.FINE:
        return _page(request, session, form, locale, now, status=422, again_because=_AGAIN[verdict], filled=filled)
    network = guarding.ip_prefix(request.client.host if request.client else None) or "unknown"
    if guarding.spend(session, "network", network, now) > guarding.MOST_OF_NETWORK:
        return _too_many(request)
    try:
        wish = _wish(request, form, filled, locale, network)
    except InvalidError as error:
        return _page(request, session, form, locale, now, status=422, errors={error.field: error}, filled=filled)
    if guarding.spend(session, "address", mailbox_of(wish.email), now) <= guarding.MOST_OF_ADDRESS:
        sign_up(session, form, wish, now)
    return _done(form, locale)


def _wish(request: Request, form: SignUpForm, filled: Filled, locale: str, network: str) -> Wish:
    """What was asked for, with everything that proves it. Raises InvalidError, field `email`."""
    served, texts = texts_in(form, locale)
    name = " ".join(filled.name.split())[:_LONGEST_NAME] if form.asks_name else ""
    country = filled.country if form.asks_country and filled.country in dict(country_choices(locale)) else None
    evidence = {
        "form": form.key,
        "form_version": form.version,
        "locale": served,
        "page": _seen_at(request),
        "ip_prefix": network,
    }
    return Wish(
        kind=SUBSCRIPTION,
        email=normalise_email(filled.email),
        locale=locale,
        name=name if name.isprintable() and name else None,
        country=country,
        list_id=form.list_id,
        form_id=form.id,
        wording=texts["wording"],
        evidence=evidence,
    )


def _seen_at(request: Request) -> str:
    """The page that the form was on, as far as the browser tells; without its query, which may say who somebody is."""
    told = request.headers.get("referer") or request.headers.get("origin") or ""
    try:
        parts = urlsplit(told)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}"[:500]


def _is_ours(request: Request, origin: str | None) -> bool:
    """Whether the form was sent from its own page."""
    if request.headers.get("sec-fetch-site") == "same-origin":
        return True
    ours = {guarding.clean_origin(settings().public_url), guarding.clean_origin(str(request.base_url))}
    return origin is not None and origin in ours


def _done(form: SignUpForm, locale: str) -> Response:
    if form.thanks_url and guarding.may_embed(form, guarding.clean_origin(form.thanks_url)):
        return RedirectResponse(form.thanks_url, 303)
    return see_other(f"/f/{form.key}/thanks?lang={locale}")


def _too_many(request: Request) -> Response:
    return answer(
        request,
        429,
        N_("So many addresses were signed up from your network lately that we take a break."),
        remedy=N_("Please try again in an hour."),
        headers={"Retry-After": "3600"},
    )


def _page(
    request: Request,
    session: Session,
    form: SignUpForm,
    locale: str,
    now: datetime,
    *,
    status: int = 200,
    errors: Mapping[str, InvalidError] | None = None,
    again_because: str = "",
    filled: Filled | None = None,
) -> Response:
    served, texts = texts_in(form, locale)
    _demo(request, session)
    values: dict[str, Any] = {
        "form": form,
        "texts": texts,
        "served": served,
        "stamp": guarding.stamp(form, locale, now),
        "countries": country_choices(locale) if form.asks_country else [],
        "errors": errors or {},
        "again_because": again_because,
        "filled": filled or Filled(),
        "again": f"/f/{form.key}",
    }
    response = _hidden(render(request, "sign_up.html", status=status, locale=locale, **values))
    if (elsewhere := guarding.clean_origin(form.thanks_url)) is not None:
        # Browsers hold a form's redirect to this policy too.
        response.headers["Content-Security-Policy"] = POLICY.replace(
            "form-action 'self'", f"form-action 'self' {elsewhere}"
        )
    return response


def _demo(request: Request, session: Session) -> None:
    place = workspace(session)
    request.state.demo = place is not None and place.demo


def _hidden(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
