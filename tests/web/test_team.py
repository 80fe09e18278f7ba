"""The team, settings and the audit log."""

import re

from sqlalchemy import select

from growth.database.audit import AuditEntry, audit
from growth.database.engine import transaction
from growth.database.workspace import workspace
from growth.people.staff import account_by_email
from tests.web.conftest import ClientAs
from tests.web.serving import PASSWORD, Site

NEW = {"name": "Zhang Wei", "email": "zhang.wei@example.com", "roles": ["rep", "marketer"]}


def actions(site: Site) -> list[str]:
    with transaction(site.engine) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def link_on(page: str) -> str:
    found = re.search(r"(/password\?t=[\w.-]+)", page)
    assert found
    return found[1]


def test_who_is_invited_sets_a_password_and_is_signed_in(site: Site, client_as: ClientAs) -> None:
    invited = client_as("admin").post("/team", data=NEW)
    assert invited.status_code == 200
    link = link_on(invited.text)
    guest = client_as(None)
    assert "zhang.wei@example.com" in guest.get(link).text
    token = link.partition("=")[2]
    assert guest.post("/password", data={"t": token, "password": "short"}).status_code == 422
    assert guest.post("/password", data={"t": token, "password": PASSWORD}).status_code == 303
    assert guest.get("/").headers["location"] == "/campaigns"
    assert client_as(None).get(link).status_code == 403
    assert actions(site) == ["invite", "password set"]


def test_an_invitation_that_is_not_right_keeps_what_was_typed(client_as: ClientAs) -> None:
    admin = client_as("admin")
    mistakes: list[dict[str, object]] = [{"roles": []}, {"email": "x"}, {"email": "rep@example.com"}, {"name": " "}]
    for wrong in mistakes:
        answer = admin.post("/team", data=NEW | wrong)
        assert answer.status_code == 422
        assert 'value="rep" checked' in answer.text or wrong == {"roles": []}
    assert admin.post("/team", data=NEW | {"roles": ["owner"]}).status_code == 422


def test_roles_change_at_once_and_are_written_down(site: Site, client_as: ClientAs) -> None:
    rep = client_as("rep")
    assert rep.get("/settings").status_code == 403
    with transaction(site.engine) as session:
        number = account_by_email(session, "rep@example.com").id
    assert client_as("admin").post(f"/team/{number}/roles", data={"roles": ["admin"]}).status_code == 303
    assert rep.get("/settings").status_code == 200
    with transaction(site.engine) as session:
        (entry,) = session.scalars(select(AuditEntry))
        assert entry.detail == {"before": ["rep"], "after": ["admin"]}


def test_the_last_administrator_is_told_why_not(site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        number = account_by_email(session, "admin@example.com").id
    answer = client_as("admin").post(f"/team/{number}/close")
    assert answer.status_code == 403
    assert "Somebody has to be an administrator." in answer.text


def test_closing_ends_open_sessions(site: Site, client_as: ClientAs) -> None:
    rep = client_as("rep")
    with transaction(site.engine) as session:
        number = account_by_email(session, "rep@example.com").id
    assert rep.get("/profile").status_code == 200
    client_as("admin").post(f"/team/{number}/close")
    assert rep.get("/profile").headers["location"].startswith("/login")


def test_settings_are_kept_with_what_changed(site: Site, client_as: ClientAs) -> None:
    form = {
        "organisation": "Makers",
        "time_zone": "Europe/Moscow",
        "currency": "USD",
        "sender_name": "Makers",
        "sender_email": "hello@example.com",
        "postal_address": "1 Harbour Road, Ningbo",
    }
    admin = client_as("admin")
    assert admin.post("/settings", data=form | {"currency": "???"}).status_code == 422
    assert admin.post("/settings", data=form).status_code == 303
    with transaction(site.engine) as session:
        place = workspace(session)
        assert place is not None
        assert (place.name, place.time_zone) == ("Makers", "Europe/Moscow")
        (entry,) = session.scalars(select(AuditEntry))
        assert sorted(entry.detail) == ["name", "sender_name", "time_zone"]


def test_the_audit_log_is_paged_by_its_keys(site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        for number in range(120):
            audit(session, actor="a", action="roles", subject=f"s{number}", detail={}, now=site.clock.now())
    admin = client_as("admin")
    seen: list[str] = []
    path: str | None = "/audit-log?action=roles"
    while path:
        page = admin.get(path).text
        seen += re.findall(r"</a>: (s\d+)<", page)
        older = re.search(r'href="(/audit-log\?before=[^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"s{number}" for number in reversed(range(120))]


def test_what_was_done_is_told_once(client_as: ClientAs) -> None:
    rep = client_as("rep")
    assert rep.post("/profile", data={"language": "en"}).status_code == 303
    assert "Your profile is saved." in rep.get("/profile").text
    assert "Your profile is saved." not in rep.get("/profile").text


def test_changing_the_password_wants_the_old_one_and_ends_other_sessions(site: Site, client_as: ClientAs) -> None:
    admin, rep = client_as("admin"), client_as("rep")
    with transaction(site.engine) as session:
        number = account_by_email(session, "rep@example.com").id
    link = link_on(admin.post(f"/team/{number}/link").text)
    assert rep.get("/profile").status_code == 200
    here = client_as(None)
    here.post("/password", data={"t": link.partition("=")[2], "password": PASSWORD})
    assert rep.get("/profile").status_code == 303
    wrong = here.post("/profile/password", data={"old": "not it", "password": "another sentence"})
    assert wrong.status_code == 422
    right = here.post("/profile/password", data={"old": PASSWORD, "password": "another sentence"})
    assert right.status_code == 303
    assert here.get("/profile").status_code == 200
