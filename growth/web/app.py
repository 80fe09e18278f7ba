"""The web application: every page, API, hook and public link that its folders hold."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware

from growth.clock import Clock, SystemClock
from growth.database.engine import make_engine
from growth.errors import PermanentError
from growth.locales import N_
from growth.settings import settings
from growth.web import failures, static_files
from growth.web.access import PublicGuard, RoleGuard
from growth.web.headers import Headers
from growth.web.navigation import NavEntry

FOLDERS = ("growth.web.pages", "growth.web.api", "growth.web.hooks", "growth.web.public")


def create_app(
    *,
    engine: Engine | None = None,
    clock: Clock | None = None,
    sample_data: Callable[[], None] | None = None,
) -> FastAPI:
    """The application, on the given engine or the one of the settings.

    Args:
        engine: the database; from GROWTH_DATABASE_URL when left out.
        clock: what time it is; the system's when left out.
        sample_data: fills an empty product with the demo; without it `/setup` doesn't offer that.
    """
    # Starlette's way from /leads/ to /leads would lead to whatever host the request names.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.engine = engine or _engine_of_settings()
    app.state.clock = clock or SystemClock()
    app.state.sample_data = sample_data
    app.state.nav = []
    for module in modules():
        router = getattr(module, "router", None)
        if isinstance(router, APIRouter):
            check_guards(router)
            app.include_router(router)
        app.state.nav.extend(_nav(module))
    failures.install(app)
    # The last one added is the first a request meets; a route's own `max_body_size` widens this limit.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings().max_request_bytes)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=5)
    app.add_middleware(Headers, secure=settings().secure_cookies)
    return app


def _engine_of_settings() -> Engine:
    url = settings().database_url
    if url is None:
        raise PermanentError(
            N_("There is no database to work with."),
            remedy=N_("Set GROWTH_DATABASE_URL, or type “growth run”, which brings its own."),
        )
    return make_engine(url, application="growth web")


def modules() -> Iterator[ModuleType]:
    """Every module that may hold routes: the static files, and one per page, API, hook and public link."""
    yield static_files
    for folder in FOLDERS:
        package = importlib.import_module(folder)
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
            yield importlib.import_module(f"{folder}.{found.name}")


def _nav(module: ModuleType) -> list[NavEntry]:
    declared = getattr(module, "NAV", [])
    return [declared] if isinstance(declared, NavEntry) else list(declared)


def check_guards(router: APIRouter) -> None:
    """Raise when a route doesn't say who may open it, exactly once."""
    for route in router.routes:
        guards = guards_of(route) if isinstance(route, APIRoute) else []
        if len(guards) != 1:
            path = getattr(route, "path", "?")
            raise RuntimeError(
                f"{path} needs exactly one allow(…) or public() among its dependencies, not {len(guards)}"
            )


def routes() -> Iterator[APIRoute]:
    """Every route of the application."""
    for module in modules():
        router = getattr(module, "router", None)
        if isinstance(router, APIRouter):
            yield from (route for route in router.routes if isinstance(route, APIRoute))


def guards_of(route: APIRoute) -> list[RoleGuard | PublicGuard]:
    """Who may open a route."""
    return [found for one in route.dependencies if isinstance(found := one.dependency, RoleGuard | PublicGuard)]
