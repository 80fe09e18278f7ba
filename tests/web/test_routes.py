"""Every route names who may open it, and keeps everybody else out."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from growth.people.accounts import Role
from growth.web.access import RoleGuard, allow, public
from growth.web.app import FOLDERS, check_guards, guards_of, routes
from tests.web.conftest import ClientAs
from tests.web.serving import Site


def each_route() -> Iterator[tuple[str, str, RoleGuard | None]]:
    """Method, a path with every placeholder filled, and the guard of a route that is not public."""
    for route in routes():
        (guard,) = guards_of(route)
        path = route.path
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", "1").replace(f"{{{name}:path}}", "1")
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, path, guard if isinstance(guard, RoleGuard) else None


def test_every_room_of_the_web_has_been_walked() -> None:
    paths = {path for _, path, _ in each_route()}
    assert {"/login", "/team", "/profile", "/settings", "/audit-log", "/setup"} <= paths
    assert len(FOLDERS) == 4


def test_every_role_on_every_route(site: Site, client_as: ClientAs) -> None:
    clients = {role: client_as(role) for role in Role}
    stranger = client_as(None)
    wrong = []
    for method, path, guard in each_route():
        if guard is None or path == "/logout":
            continue
        if not _kept_out(stranger.request(method, path)):
            wrong.append(f"{method} {path} lets a stranger in")
        for role, client in clients.items():
            allowed = role in guard.roles
            answer = client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
            refused = answer.status_code == 403 and "Your role" in answer.text
            if allowed == refused or answer.status_code in {500, 503}:
                wrong.append(f"{method} {path} as {role}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert site.url


def _kept_out(answer: httpx.Response) -> bool:
    if answer.status_code == 401:
        return True
    return answer.status_code == 303 and answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("dependencies", [[], [public(), allow()]])
def test_a_route_without_exactly_one_guard_stops_the_start(dependencies: list[object]) -> None:
    router = APIRouter()
    route = APIRoute("/open", lambda: None, dependencies=dependencies)  # type: ignore[arg-type]  # params.Depends is not public
    router.routes.append(route)
    with pytest.raises(RuntimeError, match="/open needs exactly one"):
        check_guards(router)
