"""Signing in, staying so, and signing out."""

from datetime import timedelta

import httpx

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.people.passwords import hashed
from growth.people.sign_in import LASTS_UNUSED, LIMITS, WINDOW
from growth.people.staff import find_account
from tests.web.conftest import ClientAs
from tests.web.serving import PASSWORD, Site


def give_password(site: Site, email: str) -> None:
    with transaction(site.engine) as session:
        account = find_account(session, email)
        assert account is not None
        account.password_hash = hashed(PASSWORD)


def attempt(client: httpx.Client, email: str, password: str) -> httpx.Response:
    return client.post("/login", data={"email": email, "password": password, "next": "/profile"})


def test_a_known_address_and_its_password_open_a_session(site: Site, client_as: ClientAs) -> None:
    give_password(site, "rep@example.com")
    client = client_as(None)
    answer = attempt(client, " REP@example.com ", PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/").headers["location"] == "/leads"


def test_unknown_address_and_wrong_password_look_the_same(site: Site, client_as: ClientAs) -> None:
    give_password(site, "rep@example.com")
    wrong = attempt(client_as(None), "rep@example.com", "not the password")
    unknown = attempt(client_as(None), "nobody@example.com", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace("rep@", "") == unknown.text.replace("nobody@", "")


def test_too_many_failures_wait_even_with_the_right_password_and_for_unknown_addresses(
    site: Site, client_as: ClientAs, clock: FixedClock
) -> None:
    give_password(site, "rep@example.com")
    client = client_as(None)
    for email in ("rep@example.com", "nobody@example.com"):
        for _ in range(LIMITS["pair"]):
            assert attempt(client, email, "not the password").status_code == 422
        blocked = attempt(client, email, PASSWORD)
        assert blocked.status_code == 429
        assert int(blocked.headers["retry-after"]) <= WINDOW.total_seconds() + 1
    clock.moment += WINDOW + timedelta(seconds=1)
    assert attempt(client, "rep@example.com", PASSWORD).status_code == 303


def test_a_session_ends_unused(client_as: ClientAs, clock: FixedClock) -> None:
    client = client_as("rep")
    assert client.get("/").headers["location"] == "/leads"
    clock.moment += LASTS_UNUSED - timedelta(hours=1)
    assert client.get("/").headers["location"] == "/leads"
    clock.moment += LASTS_UNUSED - timedelta(hours=1)
    assert client.get("/").headers["location"] == "/leads"
    clock.moment += LASTS_UNUSED + timedelta(hours=1)
    assert client.get("/").headers["location"] == "/login"


def test_signing_out_ends_the_session_on_the_server(site: Site, client_as: ClientAs) -> None:
    client = client_as("rep")
    kept = dict(client.cookies)
    assert client.post("/logout").headers["location"] == "/login"
    again = httpx.get(f"{site.url}/", cookies=kept)
    assert again.headers["location"] == "/login"


def test_after_signing_in_nobody_is_sent_to_another_site(site: Site, client_as: ClientAs) -> None:
    give_password(site, "rep@example.com")
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "/\nx"):
        form = {"email": "rep@example.com", "password": PASSWORD, "next": target}
        assert client_as(None).post("/login", data=form).headers["location"] == "/"


def test_a_form_of_another_site_does_nothing(client_as: ClientAs) -> None:
    client = client_as("rep")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert client.post("/logout", headers=headers).status_code == 403
    assert client.get("/").headers["location"] == "/leads"
