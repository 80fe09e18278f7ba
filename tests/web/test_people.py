"""The pages of people: the list and its filters, and one person."""

import csv
import io
import re

import pytest
from sqlalchemy import Engine, select, text, update

from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.people import listing
from growth.people.consent import record_by_hand
from growth.people.identity import Known, email_hash, ensure_person
from growth.people.permission import lists, preferences
from growth.people.records import Consent, ConsentFact, Person
from growth.people.suppression import suppress
from tests.web.conftest import ClientAs
from tests.web.importing import (
    SAID,
    emails,
    known,
)
from tests.web.serving import Site

# The list


def test_the_newest_come_first_a_page_at_a_time(site: Site, client_as: ClientAs) -> None:
    known(site, 120)
    client = client_as("manager")
    found: list[str] = []
    path: str | None = "/people"
    while path:
        page = client.get(path).text
        found += emails(page)
        further = re.search(r'href="(/people\?[^"]*after=\d+)" rel="next"', page)
        path = further[1].replace("&amp;", "&") if further else None
    assert found == [f"p{number}@example.com" for number in reversed(range(120))]


def test_filters_are_in_the_address_and_hold_together(site: Site, client_as: ClientAs) -> None:
    russian = known(site, 2, country="RU", locale="ru")
    with transaction(site.engine) as session:
        ensure_person(session, Known(email="us@example.com", country="US", locale="en"), site.clock.now())
        record_by_hand(
            session,
            russian[0],
            granted=True,
            basis="consent",
            source="form",
            wording="Yes",
            at=None,
            actor="test",
            now=site.clock.now(),
        )
    client = client_as("marketer")
    assert emails(client.get("/people?country=RU").text) == ["p1@example.com", "p0@example.com"]
    assert emails(client.get("/people?locale=en").text) == ["us@example.com"]
    assert emails(client.get("/people?permission=granted").text) == ["p0@example.com"]
    assert emails(client.get("/people?country=RU&permission=none").text) == ["p1@example.com"]
    assert emails(client.get("/people?country=US&locale=ru").text) == []
    assert "Nobody fits these filters" in client.get("/people?country=FR").text


def test_an_address_is_found_however_it_is_written(site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        ensure_person(session, Known(email="anna@mail.ru", phone="+79161234567"), site.clock.now())
    client = client_as("marketer")
    for find in (" ANNA@Mail.RU ", "+7 (916) 123-45-67"):
        assert emails(client.get("/people", params={"find": find}).text) == ["anna@mail.ru"]
    assert emails(client.get("/people", params={"find": "8 916 123-45-67", "country": "RU"}).text) == []
    assert "Nobody has exactly this address" in client.get("/people?find=other@mail.ru").text
    wrong = client.get("/people?find=anna")
    assert wrong.status_code == 422
    assert "This is neither an e-mail address nor a phone number." in wrong.text
    assert "There is no such phone number." in client.get("/people?find=12").text


def test_a_filter_that_fits_hardly_anybody_looks_at_so_many_at_most(
    site: Site, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 10)
    with transaction(site.engine) as session:
        ensure_person(session, Known(email="old@example.com", country="RU", locale="ru"), site.clock.now())
    known(site, 10, country="RU", locale="en")
    client = client_as("marketer")
    page = client.get("/people?country=RU&locale=ru").text
    assert "There may be some further back" in page
    further = re.search(r'href="(/people\?[^"]*after=\d+)"', page)
    assert further
    assert emails(client.get(further[1].replace("&amp;", "&")).text) == ["old@example.com"]


def test_counts_stop_where_nobody_counts_further(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    known(site, 8)
    with transaction(site.engine) as session:
        assert listing.count_people(session, listing.Wanted()) == listing.Count(8, more=False)
        monkeypatch.setattr(listing, "MOST_COUNTED", 5)
        assert listing.count_people(session, listing.Wanted()) == listing.Count(5, more=True)


def test_the_list_uses_indexes_in_a_full_table(engine: Engine) -> None:
    fill = """
        insert into person (country, locale, created_at)
            select (array['RU','BR','US'])[n % 3 + 1], (array['ru','pt_BR','en'])[n % 3 + 1], now()
            from generate_series(1, 60000) n;
        insert into consent (person_id, purpose, channel, granted, at)
            select id, 'marketing', 'email', id % 7 <> 0, now() from person;
        analyze person; analyze consent"""
    with transaction(engine) as session:
        for statement in fill.split(";"):
            session.execute(text(statement))
        for wanted in (
            listing.Wanted(),
            listing.Wanted(country="RU", locale="ru", permission="none"),
            listing.Wanted(permission="granted"),
            listing.Wanted(locale="en", permission="granted"),
        ):
            query = listing._fitting(listing._window(session, wanted, None), wanted).limit(51)
            literal = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            plan = "\n".join(session.scalars(text(f"explain {literal}".replace(":", r"\:"))))
            assert "Seq Scan" not in plan, plan


def test_the_export_is_the_filter_without_formulas_and_is_logged(site: Site, client_as: ClientAs) -> None:
    known(site, 3, country="RU", name="=HYPERLINK(1)")
    with transaction(site.engine) as session:
        ensure_person(session, Known(phone="+79161234567", country="US"), site.clock.now())
    answer = client_as("marketer").get("/people/export.csv?country=RU")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["E-mail"] for row in rows] == ["p2@example.com", "p1@example.com", "p0@example.com"]
    assert {row["Name"] for row in rows} == {"'=HYPERLINK(1)"}
    with transaction(site.engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "people.export")).one()
    assert (entry.actor, entry.detail) == ("marketer@example.com", {"country": "RU"})
    assert client_as("manager").get("/people/export.csv").status_code == 403


def test_odd_addresses_are_answered_in_words(client_as: ClientAs) -> None:
    client = client_as("admin")
    huge = "9" * 30
    for path in (
        f"/people/{huge}",
        "/people/9223372036854775807",
        "/people/0",
        f"/people/import/{huge}",
        "/people/import/77",
        f"/people?after={huge}",
        "/people?after=-1",
        "/people?country=%00&find=%00",
        "/people?find=" + "9" * 5000,
        "/people/import/77/progress",
        "/people/import/77/rejected.csv",
    ):
        answer = client.get(path)
        assert answer.status_code in {200, 404, 422}, path
        assert "Traceback" not in answer.text


# One person


def test_a_person_s_page_tells_what_is_known(site: Site, client_as: ClientAs) -> None:
    now = site.clock.now()
    with transaction(site.engine) as session:
        person = ensure_person(session, Known(email="anna@mail.ru", name="Анна <b>", country="RU"), now)
        suppress(session, "email", email_hash("anna@mail.ru"), reason="complaint", source="sendgrid", now=now)
        session.execute(
            text("""insert into event (occurred_at, event_id, kind, source, side, person_id, properties) values
                (now(), gen_random_uuid(), 'order', 'collector', 'buyer', :person, '{}'),
                (now(), gen_random_uuid(), 'custom', 'collector', 'buyer', :person, '{"name": "watched a film"}')"""),
            {"person": person},
        )
    page = client_as("manager").get(f"/people/{person}").text
    for words in ("anna@mail.ru", "Анна &lt;b&gt;", "Russia", "Complained of spam", "Ordered", "watched a film"):
        assert words in page
    assert "Record consent" not in page
    assert client_as("rep").get(f"/people/{person}").status_code == 403


def test_a_person_s_page_tells_what_they_want_to_get(site: Site, client_as: ClientAs) -> None:
    (person,) = known(site, 1, country="RU")
    now = site.clock.now()
    assert "They are on no list." in client_as("marketer").get(f"/people/{person}").text
    with transaction(site.engine) as session:
        for key in ("news", "offers"):
            made = lists.create(
                session,
                key,
                "buyer",
                lists.Topic(names={"en": key.title()}, descriptions={}, public=True),
                actor="test",
                now=now,
            )
            lists.subscribe(session, made.id, person, source="form", now=now)
        lists.leave(session, made.id, person, source="preferences", now=now)
        preferences.choose_frequency(session, person, "weekly", now=now)
        preferences.pause(session, person, now=now)
    page = client_as("manager").get(f"/people/{person}").text
    wants = page[page.index('id="wants"') : page.index('id="sent"')]
    assert re.findall(r">(News|Offers|Subscribed|Left|Paused)<", wants) == [
        "News",
        "Subscribed",
        "Offers",
        "Left",
        "Paused",
    ]
    assert "At most one a week" in wants


def test_consent_is_recorded_once_with_who_recorded_it(site: Site, client_as: ClientAs) -> None:
    (person,) = known(site, 1, country="RU")
    client = client_as("marketer")
    path = f"/people/{person}/consent"
    for wrong, field in (
        ({"said": ""}, "said"),
        ({"source": " "}, "source"),
        ({"wording": ""}, "wording"),
        ({"at": "2099-01-01T00:00"}, "at"),
        ({"basis": "because"}, "basis"),
        ({"source": "x" * 9000}, "source"),
        ({"wording": "a\0b"}, "wording"),
    ):
        answer = client.post(path, data=SAID | {"said": "yes"} | wrong)
        assert answer.status_code == 422, wrong
        assert f'id="{field}-error"' in answer.text
    for _ in range(2):
        assert client.post(path, data=SAID | {"said": "yes"}).status_code == 303
    with transaction(site.engine) as session:
        fact = session.scalars(select(ConsentFact)).one()
        assert (fact.granted, fact.jurisdiction, fact.evidence) == (True, "ru", {"recorded_by": "marketer@example.com"})
        # Shanghai, where the workspace is, is eight hours ahead.
        assert fact.at.isoformat() == "2026-10-01T00:00:00+00:00"
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "consent")).all()) == 1
    assert client.post(path, data={"said": "no", "source": "phone call"}).status_code == 303
    with transaction(site.engine) as session:
        assert session.scalars(select(Consent.granted)).one() is False
    assert client_as("manager").post(path, data=SAID).status_code == 403


def test_nothing_is_recorded_about_somebody_erased(site: Site, client_as: ClientAs) -> None:
    (person,) = known(site, 1)
    with transaction(site.engine) as session:
        session.execute(update(Person).values(erased_at=site.clock.now()))
    client = client_as("marketer")
    assert "Erased person" in client.get(f"/people/{person}").text
    assert client.post(f"/people/{person}/consent", data=SAID | {"said": "yes"}).status_code == 403
