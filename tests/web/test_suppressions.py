"""Addresses never written to, on their page: looked up, added, brought in as lists, and hardly ever taken off."""

import csv
import io

import httpx
import pytest
from sqlalchemy import select

from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.people.accounts import Role
from growth.people.identity import email_hash
from growth.people.importing import uploads
from growth.people.records import Suppression
from growth.people.suppression import REASONS, suppress
from growth.scheduling.history import lines_of
from growth.scheduling.records import JobRun
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.importing import work
from tests.web.serving import Site

PATH = "/suppressions"


def put(site: Site, reason: str, count: int = 1) -> None:
    with transaction(site.engine) as session:
        for number in range(count):
            digest = email_hash(f"{reason}{number}@example.com")
            suppress(session, "email", digest, reason=reason, source="=HYPERLINK(1)", now=site.clock.now())


def reasons(site: Site) -> list[str]:
    with transaction(site.engine) as session:
        return list(session.scalars(select(Suppression.reason).order_by(Suppression.id)))


def test_pages_of_the_list_by_reason_and_the_export(site: Site, client_as: ClientAs) -> None:
    put(site, "complaint", 60)
    put(site, "hard_bounce", 2)
    client = client_as(Role.MARKETER)
    first = client.get(PATH, params={"reason": "complaint"}).text
    assert first.count("data-row") == 50
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(following).text.count("data-row") == 10
    assert client.get(PATH, params={"reason": "<b>"}).status_code == 200
    rows = list(
        csv.reader(io.StringIO(client.get(f"{PATH}/export.csv?reason=hard_bounce").text.removeprefix("\ufeff")))
    )
    assert len(rows) == 3
    assert {row[2] for row in rows[1:]} == {"hard_bounce"}
    assert rows[1][3] == "'=HYPERLINK(1)"
    assert "@" not in rows[1][0]


def test_an_address_is_added_looked_up_and_taken_off_by_an_admin(site: Site, client_as: ClientAs) -> None:
    marketer, admin = client_as(Role.MARKETER), client_as(Role.ADMIN)
    form = {"email": " Anna@Example.com", "source": "phone call"}
    assert [marketer.post(PATH, data=form).status_code for _ in range(2)] == [303, 303]
    told = marketer.post(f"{PATH}/check", data={"address": "anna@example.com"}).text
    assert "This address isn't written to." in told
    assert "phone call" in told
    assert "/remove" not in told
    assert "is not on the list" in marketer.post(f"{PATH}/check", data={"address": "boris@example.com"}).text
    with transaction(site.engine) as session:
        number = session.scalars(select(Suppression.id)).one()
    assert marketer.post(f"{PATH}/{number}/remove").status_code == 403
    assert "Campaigns may then write to it again" in admin.get(f"{PATH}/{number}/remove").text
    assert admin.post(f"{PATH}/{number}/remove").status_code == 303
    assert admin.post(f"{PATH}/{number}/remove").status_code == 404
    assert reasons(site) == []
    with transaction(site.engine) as session:
        logged = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(("suppress", "unsuppress")))).all()
    assert [one.action for one in logged] == ["suppress", "suppress", "unsuppress"]
    assert "anna" not in str([one.subject for one in logged])


@pytest.mark.parametrize("reason", [one for one in REASONS if one not in {"manual", "imported", "soft_bounce"}])
def test_what_a_person_said_stays(site: Site, client_as: ClientAs, reason: str) -> None:
    put(site, reason)
    with transaction(site.engine) as session:
        number = session.scalars(select(Suppression.id)).one()
    admin = client_as(Role.ADMIN)
    assert "stays on the list" in admin.get(f"{PATH}/{number}/remove").text
    assert admin.post(f"{PATH}/{number}/remove").status_code == 403
    assert reasons(site) == [reason]


@pytest.mark.parametrize(
    ("path", "form", "wrong"),
    [
        ("", {"email": "anna", "source": "x"}, "email-error"),
        ("", {"email": "anna@example.com", "source": " "}, "source-error"),
        ("", {"email": "a" * 5000, "source": "x"}, "email-error"),
        ("/check", {"address": ""}, "address-error"),
    ],
)
def test_what_is_no_address_is_said_beside_its_field(
    site: Site, client_as: ClientAs, path: str, form: dict[str, str], wrong: str
) -> None:
    answer = client_as(Role.MARKETER).post(PATH + path, data=form)
    assert answer.status_code == 422
    assert f'id="{wrong}"' in answer.text
    assert reasons(site) == []


def send_list(client: httpx.Client, content: bytes, name: str = "stop.csv") -> httpx.Response:
    return client.post(f"{PATH}/import", files={"file": (name, content, "text/csv")})


def test_a_list_in_any_encoding_goes_in_with_its_bad_rows_named(
    site: Site, client_as: ClientAs, clock: FixedClock
) -> None:
    client, others = client_as(Role.MARKETER), set(uploads.imports_folder().glob("*.upload"))
    text = "邮箱,姓名\nli@qq.com,李伟\n没有,王芳\nLi@qq.com,李伟\nwang@163.com,王芳\na b@@x,张\n=1+1,赵\n"
    answer = send_list(client, text.encode("gb18030"), "名单.csv")
    assert answer.status_code == 303
    number = int(answer.headers["location"].removeprefix("/jobs/runs/"))
    for _ in range(2):
        work(site.engine, clock)
    assert reasons(site) == ["imported", "imported"]
    with transaction(site.engine) as session:
        assert session.get_one(JobRun, number).state == "succeeded"
        told = [one.words["message"] % one.words["values"] for one in lines_of(session, number, before=None, limit=20)]
    assert "Addresses added: 2; on the list already: 1." in told
    assert any(line.startswith("Row 3: There is no e-mail address") for line in told)
    page = client.get(PATH).text
    assert "名单.csv" in page
    rows = list(csv.reader(io.StringIO(client.get(f"{PATH}/rejected/{number}.csv").text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == ["3", "6", "7"]
    assert rows[-1][-1].startswith("'=1+1")
    assert client.get(f"{PATH}/rejected/{number + 1}.csv").status_code == 404
    assert set(uploads.imports_folder().glob("*.upload")) == others


@pytest.mark.parametrize("content", [b"", b"nothing\nin\nhere\n", b"\0\xff\xfe" * 900])
def test_a_file_without_an_address_ends_in_words(
    site: Site, client_as: ClientAs, clock: FixedClock, content: bytes
) -> None:
    answer = send_list(client_as(Role.MARKETER), content)
    assert answer.status_code == 303
    work(site.engine, clock)
    with transaction(site.engine) as session:
        run = session.scalars(select(JobRun)).one()
    assert run.state == "failed"
    assert run.words is not None
    assert run.words["message"] == "There is no e-mail address in this file."
    assert reasons(site) == []


def test_no_file_at_all_is_said_on_the_page(client_as: ClientAs) -> None:
    answer = client_as(Role.MARKETER).post(f"{PATH}/import", data={"x": "y"})
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text


def test_only_marketers_and_admins_see_it(client_as: ClientAs) -> None:
    assert client_as(Role.REP).get(PATH).status_code == 403
    for path in (f"{PATH}/{2**70}/remove", f"{PATH}/0/remove", f"{PATH}/rejected/{2**70}.csv", f"{PATH}?after=x"):
        assert client_as(Role.ADMIN).get(path).status_code in {404, 422}


@pytest.mark.browser
def test_the_page_in_a_browser(site: Site, page_as: PageAs) -> None:
    put(site, "manual", 3)
    with transaction(site.engine) as session:
        suppress(session, "email", b"x" * 32, reason="imported", source="Ж" * 200, now=site.clock.now())
    page = page_as(Role.ADMIN)
    page.goto(PATH)
    for width, theme in ((390, "dark"), (1440, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        axe(page)
        no_sideways_scroll(page)
    plain = page_as(Role.ADMIN, width=390, javascript=False)
    plain.goto(PATH)
    plain.get_by_role("link", name="Take address").first.click()
    plain.get_by_role("button", name="Take it off the list").click()
    plain.get_by_text("The address is off the list.").wait_for()
    plain.get_by_label("E-mail address", exact=True).fill("manual0@example.com")
    plain.get_by_role("button", name="Look up").click()
    plain.get_by_text("This address isn't written to.").wait_for()
    axe_page = page_as(Role.ADMIN, width=390)
    with transaction(site.engine) as session:
        number = session.scalars(select(Suppression.id).limit(1)).one()
    axe_page.goto(f"{PATH}/{number}/remove")
    axe(axe_page)
