"""What strangers, broken clients and broken databases send, and what they get."""

import gzip
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError

from growth.clock import FixedClock
from growth.database.engine import make_engine
from growth.settings import settings
from growth.web.app import create_app
from growth.web.static_files import files, static_url
from tests.web.conftest import ClientAs
from tests.web.serving import Site, serving


def test_every_answer_carries_the_policy_and_its_companions(site: Site, client_as: ClientAs) -> None:
    for path in ("/login", "/nowhere", "/team", static_url("growth.css")):
        headers = client_as("rep").get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "referrer-policy" in headers
        assert "permissions-policy" in headers
        assert "strict-transport-security" not in headers
    assert site.url


def test_no_page_has_inline_script_style_or_handlers(client_as: ClientAs) -> None:
    for path in ("/login", "/team", "/profile", "/settings", "/audit-log"):
        page = client_as("admin").get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)


def test_behind_tls_cookies_are_secure_and_bound_to_the_host(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_BASE_URL", "https://growth.example.com")
    settings.cache_clear()
    try:
        app = create_app(engine=site.engine, clock=site.clock)
        with serving(app) as url:
            token = site.token("rep")
            answer = httpx.get(f"{url}/profile", headers={"Cookie": f"__Host-growth={token}"})
            assert answer.status_code == 200
            assert "max-age" in answer.headers["strict-transport-security"]
            left = httpx.post(f"{url}/logout", headers={"Cookie": f"__Host-growth={token}"})
            assert "__Host-growth=" in left.headers["set-cookie"]
            assert "Secure" in left.headers["set-cookie"]
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def endless(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536 + 1):
        yield b"a=" + b"x" * 65_533 + b"&"


def test_a_body_too_large_is_refused_in_words_with_and_without_its_length(site: Site) -> None:
    size = settings().max_request_bytes
    long = {"Content-Type": "application/x-www-form-urlencoded"}
    told = httpx.post(f"{site.url}/login", content=b"a" * (size + 1), headers=long)
    assert told.status_code == 413
    assert "larger than we accept" in told.text
    untold = _until_answered(site.url, size * 4)
    assert b" 413 " in untold.splitlines()[0]
    assert httpx.get(f"{site.url}/login").status_code == 200


def _until_answered(url: str, size: int) -> bytes:
    """The answer to a chunked body that says nothing of its length."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as wire:
        head = "POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        wire.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
        try:
            for piece in endless(size):
                wire.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        except OSError:
            pass
        return wire.recv(65_536)


@pytest.mark.parametrize(
    "path",
    ["/team/99999999999999999999", "/team/x", "/audit-log?before=x", "/audit-log?before=-1", "/audit-log?action=%00"],
)
def test_odd_addresses_are_answered_in_words(client_as: ClientAs, path: str) -> None:
    answer = client_as("admin").get(path)
    assert answer.status_code in {200, 404, 422}
    assert "Traceback" not in answer.text


def test_text_that_no_column_takes_is_refused(client_as: ClientAs) -> None:
    answer = client_as(None).post("/login", data={"email": "a\0@example.com", "password": "x" * 20})
    assert answer.status_code == 422


@pytest.mark.parametrize("cookie", ["growth=x", "growth=" + "y" * 4000, "toast=a.b; theme=<b>; locale=xx-<script>"])
def test_odd_cookies_change_nothing(site: Site, cookie: str) -> None:
    answer = httpx.get(f"{site.url}/login", headers={"Cookie": cookie, "Accept-Language": ";q=x,,*;q=9,ru;q=0.1"})
    assert answer.status_code == 200
    assert "<b>" not in answer.text


def test_static_files_are_kept_for_good_under_their_content(site: Site) -> None:
    for name in files():
        answer = httpx.get(site.url + static_url(name))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for name in ("../access.py", "..%2faccess.py", "%2e%2e/access.py", "nothing.css", "/etc/passwd"):
        assert httpx.get(f"{site.url}/static/x/{name}", follow_redirects=True).status_code == 404


def test_the_budgets_of_what_a_browser_loads() -> None:
    def zipped(*suffixes: str) -> int:
        return sum(len(gzip.compress(file.plain)) for name, file in files().items() if name.endswith(suffixes))

    assert zipped(".css") <= 10_000
    assert zipped(".js") <= 25_000
    assert sum(len(file.plain) for name, file in files().items() if name.endswith(".woff2")) <= 120_000


def test_a_page_in_words_while_the_database_is_away(site: Site, client_as: ClientAs) -> None:
    client = client_as("rep")
    assert client.get("/profile").status_code == 200
    away = make_engine("postgresql://nobody@127.0.0.1:9/none")
    site.app.state.engine = away
    answer = client.get("/profile")
    assert answer.status_code == 503
    assert "database doesn&#39;t answer" in answer.text
    assert "psycopg" not in answer.text
    assert client.get("/profile", headers={"Accept": "application/json"}).json()["error"]
    site.app.state.engine = site.engine
    assert client.get("/profile").status_code == 200
    away.dispose()


def test_connections_cut_by_the_server_do_not_show(site: Site, client_as: ClientAs) -> None:
    client = client_as("rep")
    assert client.get("/profile").status_code == 200
    with site.engine.connect() as connection:
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
        connection.execute(text(f"{cut} and datname = current_database()"))
    assert client.get("/profile").status_code == 200


def test_nobody_expected_it_but_the_page_has_words_and_a_reference(site: Site, client_as: ClientAs) -> None:
    client = client_as("rep")
    site.app.state.engine = object()
    answer = client.get("/profile")
    assert answer.status_code == 500
    assert re.search(r"reference [0-9a-f]{8}\.", answer.text)
    assert "Traceback" not in answer.text
    assert "AttributeError" not in answer.text


def test_who_can_help_when_a_role_does_not_reach(client_as: ClientAs) -> None:
    answer = client_as("rep").get("/team")
    assert answer.status_code == 403
    assert "Admin Example" in answer.text


def test_a_program_is_answered_in_json(site: Site) -> None:
    answer = httpx.get(f"{site.url}/profile", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "Sign in to see this page."


@pytest.mark.parametrize("origin", ["http://[", "http://a:b]", "//", "null", "http://evil.example", "\xff"])
def test_a_form_of_a_strange_origin_does_nothing(client_as: ClientAs, origin: str) -> None:
    answer = client_as("rep").post("/profile", data={"name": "Taken"}, headers={b"Origin": origin.encode("latin-1")})
    assert answer.status_code == 403
    assert "Taken" not in client_as("rep").get("/profile").text


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "127.0.0.1.evil.example"])
def test_a_strange_host_sets_nothing_up(engine: Engine, clock: FixedClock, host: str) -> None:
    with serving(create_app(engine=engine, clock=clock)) as url:
        assert httpx.get(f"{url}/setup", headers={"Host": host}).status_code == 403


def test_no_answer_leads_to_the_host_that_a_request_names(site: Site, client_as: ClientAs) -> None:
    for path in ("/leads/", "/leads", "/login/", "/"):
        for client in (client_as(None), client_as("rep")):
            answer = client.get(path, headers={"Host": "evil.example"})
            assert "evil.example" not in answer.headers.get("location", "") + answer.text
    assert site.url


def test_what_people_wrote_is_in_no_error_of_the_database(engine: Engine) -> None:
    with pytest.raises(DataError) as told, engine.connect() as connection:
        connection.execute(text("select cast(:big as int), cast(:note as text)"), {"big": 2**40, "note": "hunter2"})
    assert "hunter2" not in str(told.value)
