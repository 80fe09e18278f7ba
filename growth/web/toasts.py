"""What was just done, told once on the next page, with a way back where there is one."""

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response

from growth.errors import RefusedError
from growth.keyring import keyring
from growth.settings import settings

COOKIE = "toast"


@dataclass(frozen=True)
class Toast:
    """A translatable sentence, its values, and the path that a POST undoes it at."""

    sentence: str
    values: dict[str, Any]
    undo: str | None


def toast(response: Response, sentence: str, /, *, undo: str | None = None, **values: str | int) -> Response:
    """Tell `sentence` (marked with `N_`) on the next page. `undo` is a path; it is offered as a button that POSTs."""
    kept = keyring().sign("toast", orjson.dumps([sentence, values, undo]).decode())
    response.set_cookie(
        COOKIE, kept, max_age=60, path="/", httponly=True, samesite="lax", secure=settings().secure_cookies
    )
    return response


def waiting_toast(request: Request) -> Toast | None:
    """The toast that the last answer left, if it is ours."""
    kept = request.cookies.get(COOKIE)
    if not kept:
        return None
    try:
        return Toast(*orjson.loads(keyring().verify("toast", kept)))
    except (RefusedError, ValueError, TypeError):
        return None
