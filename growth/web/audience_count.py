"""How many are in an audience and who, as pages show it: quickly by a sample, then exactly."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from sqlalchemy.orm import Session

from growth.campaigns.audiences.compiling import compiled
from growth.campaigns.audiences.conditions import checked
from growth.campaigns.audiences.counting import SHOWN, Count, exact, live, people_of, some
from growth.campaigns.audiences.expanding import expanded
from growth.campaigns.audiences.showing import readable
from growth.errors import GrowthError, TransientError
from growth.web.audience_form import link_of
from growth.web.people_words import country_name, language_name
from growth.web.rendering import render

NOTHING: dict[str, Any] = {"counted": None, "error": None, "shown": (), "sql": "", "seed": 1, "exact_next": False}
"""What `audience_count.html` shows of an audience that isn't counted yet."""
NAMES: dict[str, Any] = {"country_name": country_name, "language_name": language_name}


def counted(
    session: Session, tree: Mapping[str, Any], now: datetime, *, seed: int = 1, exactly: bool = False
) -> dict[str, Any]:
    """What `audience_count.html` shows: the first answer, or the exact one; or why there is none."""
    try:
        conditions = checked(tree)
        found = live(session, conditions, seed=seed, now=now)
        found, more = (
            (found, not found.exact) if not exactly or found.exact else _exactly(session, conditions, found, seed, now)
        )
        statement = readable(compiled(expanded(session, conditions), now=now, whole=True))
    except GrowthError as error:
        return NOTHING | {"error": error}
    shown = people_of(session, found.shown)
    return {"counted": found, "error": None, "shown": shown, "sql": statement, "seed": seed, "exact_next": more}


def _exactly(session: Session, tree: Mapping[str, Any], found: Count, seed: int, now: datetime) -> tuple[Count, bool]:
    """The exact number, and people where the sample met few; what takes too long leaves the sample's answer."""
    try:
        people = exact(session, tree, now)
        few = len(found.shown) < min(SHOWN, people)
        shown = some(session, tree, seed=seed, now=now) if few else found.shown
    except TransientError:
        return found, False
    return replace(found, people=people, exact=True, shown=shown), False


def count_part(request: Request, values: Mapping[str, Any], address: str = "") -> Response:
    """The part of a page that says how many; `address` is what the browser shows from now on."""
    response = render(request, "audience_count.html", **values, **NAMES)
    if address:
        response.headers["HX-Replace-Url"] = address
    return response


def address_of(page: str, tree: Mapping[str, Any], **more: str) -> str:
    """The page's own address with conditions in it that aren't saved; empty for what is too long for that."""
    link = link_of(dict(tree))
    return f"{page}?{urlencode({'c': link} | {name: value for name, value in more.items() if value})}" if link else ""
