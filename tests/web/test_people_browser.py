"""The pages of people in a browser: an import with and without a script, and very long words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from growth.database.engine import transaction
from growth.people import listing
from growth.people.consent import record_by_hand
from growth.people.identity import Known, ensure_person
from growth.people.importing import uploads
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.importing import FILE, uploaded, work
from tests.web.serving import Site

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def empty_folder() -> Iterator[None]:
    """Uploads of one test are none of the next's."""
    yield
    for path in uploads.imports_folder().iterdir():
        path.unlink()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes(FILE)
    return path


def fill_in(page: Page, file: Path) -> None:
    """From the file to its check."""
    page.goto("/people/import")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("What it rests on").select_option("consent")
    page.get_by_label("Where it was said").fill("fair in Yiwu")
    page.get_by_label("The words they agreed to").fill("Yes")
    page.get_by_label("When", exact=True).fill("2026-10-01T08:00")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="Every row is being looked at").wait_for()


def look(page: Page) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            axe(page)
        no_sideways_scroll(page)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_import_from_file_to_people_with_live_progress(site: Site, page_as: PageAs, file: Path) -> None:
    page = page_as("marketer")
    fill_in(page, file)
    look(page)
    work(site.engine, site.clock)
    page.get_by_role("button", name="Import 3 people").wait_for()
    look(page)
    page.get_by_role("button", name="Import 3 people").click()
    page.get_by_role("heading", name="People are being brought in").wait_for()
    work(site.engine, site.clock)
    page.get_by_role("link", name="See people").wait_for()
    look(page)
    page.get_by_role("link", name="See people").click()
    look(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ana Conceição", level=1).wait_for()
    look(page)


def test_an_import_and_a_withdrawal_without_a_script(site: Site, page_as: PageAs, file: Path) -> None:
    page = page_as("marketer", width=390, javascript=False)
    fill_in(page, file)
    work(site.engine, site.clock)
    page.get_by_role("link", name="Reload").click()
    page.get_by_role("button", name="Import 3 people").click()
    work(site.engine, site.clock)
    page.get_by_role("link", name="Reload").click()
    page.get_by_role("link", name="See people").click()
    page.get_by_placeholder("Exact e-mail or phone").fill("anna@mail.ru")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Анна Иванова").click()
    page.get_by_role("button", name="Record consent").click()
    assert page.get_by_text("Choose what they said.").is_visible()
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Where they said it").fill("phone call")
    page.get_by_role("button", name="Record consent").click()
    assert page.get_by_text("Recorded.").is_visible()
    with transaction(site.engine) as session:
        assert listing.list_people(session, listing.Wanted(permission="none")).entries[0].emails == ["anna@mail.ru"]


def test_very_long_words_and_many_columns_stay_on_the_page(site: Site, page_as: PageAs, client_as: ClientAs) -> None:
    long = "Ж" * 180
    header = ",".join(["email", *(f"{long}{number}" for number in range(60))])
    path = uploaded(client_as("marketer"), f"{header}\r\n{'a' * 60}@example.com,{long * 9}\r\n".encode(), long + ".csv")
    page = page_as("marketer")
    page.goto(path)
    look(page)
    with transaction(site.engine) as session:
        person = ensure_person(session, Known(email=f"{'b' * 64}@example.com", name=long), site.clock.now())
        said = {"granted": True, "basis": "consent", "source": long * 2, "wording": long * 20, "actor": "x"}
        record_by_hand(session, person, at=None, now=site.clock.now(), **said)  # type: ignore[arg-type]  # mixed kinds
    for address in ("/people", f"/people/{person}"):
        page.goto(address)
        look(page)
