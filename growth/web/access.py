"""Who may open what: every route names its roles with `allow(…)` or says `public()`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from growth.clock import Clock
from growth.database.engine import transaction
from growth.database.workspace import workspace
from growth.errors import RefusedError
from growth.locales import N_, closest
from growth.people.accounts import Account, AccountRole, Role
from growth.people.sign_in import account_of_session
from growth.settings import settings

EVERYBODY = (Role.MANAGER, Role.MARKETER, Role.REP)
"""All who sign in; an admin is always allowed."""


class SignInNeededError(RefusedError):
    """Nobody is signed in."""


class SetUpNeededError(RefusedError):
    """The product has no workspace yet."""


class ForbiddenError(RefusedError):
    """Somebody is signed in whose roles don't reach this page."""


class ForeignRequestError(RefusedError):
    """A form of another site tried to act in a reader's name."""


@dataclass(frozen=True)
class Viewer:
    """Who is looking at a page, and how they like to see it."""

    account_id: int
    name: str
    email: str
    roles: frozenset[Role]
    locale: str
    time_zone: str
    currency: str
    shortcuts: bool

    def has(self, *roles: Role) -> bool:
        """Whether one of the roles is theirs; an admin has them all."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


ClockDep = Annotated[Clock, Depends(_clock)]


def _session(request: Request) -> Iterator[Session]:
    with transaction(request.app.state.engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(_session, scope="function")]
"""The one transaction of this request, committed before the answer is sent."""


def session_cookie() -> str:
    """The cookie's name; `__Host-` binds it to this host and TLS (RFC 6265bis)."""
    return "__Host-growth" if settings().secure_cookies else "growth"


def preferred_locale(request: Request) -> str:
    """The reader's language without a profile: the switcher's cookie, else what the browser asks for."""
    if chosen := closest(request.cookies.get("locale")):
        return chosen
    ranked: list[tuple[float, int, str]] = []
    for entry in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, quality = entry.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), len(ranked), tag))
        except ValueError:
            continue
    return next((locale for _, _, tag in sorted(ranked) if (locale := closest(tag))), "en")


def _viewer(request: Request, session: SessionDep, clock: ClockDep) -> Viewer:
    place = workspace(session)
    if place is None:
        raise SetUpNeededError(N_("This installation is not set up yet."))
    request.state.demo = place.demo
    token = request.cookies.get(session_cookie())
    account = account_of_session(session, token, clock.now()) if token else None
    if account is None:
        raise SignInNeededError(N_("Sign in to see this page."))
    viewer = Viewer(
        account_id=account.id,
        name=account.name,
        email=account.email,
        roles=frozenset(Role(role.role) for role in account.roles),
        locale=closest(account.locale) or preferred_locale(request),
        time_zone=account.time_zone or place.time_zone,
        currency=place.currency,
        shortcuts=account.shortcuts,
    )
    request.state.viewer = viewer
    return viewer


ViewerDep = Annotated[Viewer, Depends(_viewer)]


@dataclass(frozen=True)
class RoleGuard:
    """Lets in those who have one of the roles."""

    roles: frozenset[Role]

    def __call__(self, request: Request, viewer: ViewerDep, session: SessionDep) -> None:
        """Raises ForbiddenError, naming who can help."""
        check_origin(request)
        if not viewer.has(*self.roles):
            raise ForbiddenError(
                N_("Your role doesn't include this page."),
                remedy=N_("An administrator can change that: %(who)s."),
                who=", ".join(_administrators(session)),
            )


@dataclass(frozen=True)
class PublicGuard:
    """Lets everybody in; `cross_site` for what other sites, mail programs and providers post to."""

    cross_site: bool = False

    async def __call__(self, request: Request) -> None:
        """Raises ForeignRequestError."""
        if not self.cross_site:
            check_origin(request)


def allow(*roles: Role) -> Any:
    """`dependencies=[allow(Role.MARKETER)]`: this route is for these roles, and for admins."""
    return Depends(RoleGuard(frozenset({Role.ADMIN, *roles})))


def public(*, cross_site: bool = False) -> Any:
    """`dependencies=[public()]`: this route is for everybody, signed in or not."""
    return Depends(PublicGuard(cross_site))


def check_origin(request: Request) -> None:
    """Raise ForeignRequestError when a browser says that another site makes this unsafe request.

    Sec-Fetch-Site decides where a browser sends it, Origin where it doesn't. With neither it is no browser of the
    last years, and no cookie of a reader travels with it (SameSite=Lax).
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site in {"same-origin", "none"} or (site is None and origin is None):
        return
    ours = {request.headers.get("host"), urlsplit(settings().public_url).netloc}
    if site is None and origin is not None and origin.partition("://")[2] in ours - {None, ""}:
        return
    raise ForeignRequestError(
        N_("This request came from another site, so nothing was done."),
        remedy=N_("Open the page here and try again."),
    )


def _administrators(session: Session) -> list[str]:
    found = select(Account.name).join(AccountRole).where(AccountRole.role == Role.ADMIN.value)
    return list(session.scalars(found.where(Account.disabled_at.is_(None)).order_by(Account.id).limit(3)))
