"""Errors as answers: a status, and a page in words, or JSON where a program asked."""

import logging
import secrets
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from growth.errors import (
    ConflictError,
    GrowthError,
    InvalidError,
    NotFoundError,
    RefusedError,
    TransientError,
)
from growth.locales import N_
from growth.web.access import SetUpNeededError, SignInNeededError
from growth.web.rendering import own_path, render, said

_log = logging.getLogger("growth.web")

_STATUS: tuple[tuple[type[GrowthError], int], ...] = (
    (InvalidError, 422),
    (NotFoundError, 404),
    (ConflictError, 409),
    (RefusedError, 403),
    (TransientError, 503),
)

_HTTP = {
    400: N_("This request could not be read."),
    404: N_("There is no such page."),
    405: N_("This address doesn't do that."),
    413: N_("This is larger than we accept."),
    415: N_("This kind of content is not accepted here."),
}


def status_of(error: GrowthError) -> int:
    """The HTTP status that says what kind of error it is."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def wants_json(request: Request) -> bool:
    """Whether a program asked: on paths of the API and the hooks, or by its Accept header."""
    if request.url.path == "/e" or request.url.path.startswith(("/api/", "/hooks/", "/e/")):
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def install(app: FastAPI) -> None:
    """Answer every kind of error that a request may end in."""
    app.add_exception_handler(GrowthError, _growth_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(DataError, _out_of_range)
    for kind in (OperationalError, InterfaceError, PoolTimeoutError):
        app.add_exception_handler(kind, _database_away)


def answer(
    request: Request,
    status: int,
    message: str,
    *,
    remedy: str | None = None,
    values: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: str,
) -> Response:
    """The error in words, and as JSON for programs."""
    sentence = said(request, message, **(values or {}))
    help_text = said(request, remedy, **(values or {})) if remedy else None
    if wants_json(request):
        body = {"error": sentence, "remedy": help_text} | more
        return JSONResponse({key: value for key, value in body.items() if value}, status, dict(headers or {}))
    response = render(request, "error.html", status=status, code=status, sentence=sentence, remedy=help_text, **more)
    response.headers.update(headers or {})
    return response


async def _growth_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GrowthError)
    if isinstance(error, SetUpNeededError | SignInNeededError) and not wants_json(request):
        return _elsewhere(request, "/setup" if isinstance(error, SetUpNeededError) else "/login")
    status = 401 if isinstance(error, SignInNeededError) else status_of(error)
    headers = {}
    if isinstance(error, TransientError) and error.retry_after:
        headers["Retry-After"] = str(int(error.retry_after) + 1)
    more = {"field": error.field} if isinstance(error, InvalidError) and wants_json(request) else {}
    return answer(request, status, error.message, remedy=error.remedy, values=error.values, headers=headers, **more)


def _elsewhere(request: Request, path: str) -> Response:
    target = path
    if path == "/login" and request.method == "GET" and request.url.path != "/":
        asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        target = str(
            request.url_for("sign_in_page").include_query_params(next=own_path(asked)).replace(netloc="", scheme="")
        )
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return Response(status_code=303, headers={"Location": target})


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = _HTTP.get(error.status_code, N_("This request could not be answered."))
    return answer(request, error.status_code, message, headers=error.headers)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(dict.fromkeys(str(problem["loc"][-1]) for problem in error.errors()))
    return answer(
        request,
        422,
        N_("Something in the form is missing or can't be read: %(fields)s."),
        remedy=N_("Go back, look at it and send it again."),
        values={"fields": fields},
    )


async def _out_of_range(request: Request, error: Exception) -> Response:
    _log.warning("a value that no column takes, at %s %s: %s", request.method, request.url.path, error)
    return answer(request, 422, N_("A value is larger than we can keep, or has characters that no text has."))


async def _database_away(request: Request, error: Exception) -> Response:
    _log.error("the database did not answer: %s", error)
    request.state.viewer = None
    return answer(
        request,
        503,
        N_("The database doesn't answer at the moment."),
        remedy=N_("Nothing was lost. Try again in a moment; the command “growth doctor” says what is wrong."),
        headers={"Retry-After": "5"},
    )


def too_large(request: Request) -> Response:
    """The answer to a body over the limit."""
    return answer(request, 413, _HTTP[413])


def unexpected(request: Request, error: Exception) -> Response:
    """The page for an error nobody thought of, with a reference by which its traceback is found in the log."""
    reference = secrets.token_hex(4)
    _log.error("unexpected error %s at %s %s", reference, request.method, request.url.path, exc_info=error)
    return answer(
        request,
        500,
        N_("Something went wrong here, and it is not your fault."),
        remedy=N_("Try again. If it stays, give your administrator the reference %(reference)s."),
        values={"reference": reference},
    )
