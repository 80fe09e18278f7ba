"""Hosted and embedded forms, and the page on which the owner of an address says yes."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.people.consent import EMAIL_CHANNEL, MARKETING, record_consent
from growth.people.identity import EMAIL, Known, email_hash, ensure_person
from growth.people.permission import confirming, forms, guarding, lists
from growth.people.permission.records import Confirmation
from growth.people.suppression import suppress
from growth.settings import settings
from growth.web.sign_up_snippet import snippet
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site
from tests.web.signing_up import SHOP, TEXTS, Visitor, add_form, confirmations, design, letters, rows

ANA = "Ana@Example.com"
Change = Callable[..., None]


@pytest.fixture
def visitor(site: Site, clock: FixedClock) -> Visitor:
    with transaction(site.engine) as session:
        add_form(session, clock)
    return Visitor(site)


@pytest.fixture
def change(site: Site) -> Change:
    def with_changes(**more: object) -> None:
        with transaction(site.engine) as session:
            form = forms.form_by_key(session, "news")
            forms.change(
                session, form, design(form.list_id, **more), version=form.version, actor="m", now=site.clock.now()
            )

    return with_changes


def link(site: Site, number: int = 0) -> str:
    return site.url + confirming.sign(confirmations(site)[number])


def say_yes(site: Site, number: int = 0) -> httpx.Response:
    return httpx.post(link(site, number), headers={"Origin": site.url, "Accept": "text/html"})


def test_from_the_form_to_a_permission_with_its_evidence(visitor: Visitor, site: Site) -> None:
    answer = visitor.send(ANA, name="ignored, since the form doesn't ask")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/f/news/thanks?lang=en"
    assert letters(site) == [("confirm_subscription", "ana@example.com")]
    assert rows(site, "select from person") == []
    assert say_yes(site).status_code == 303
    (fact,) = rows(site, "select granted, basis, jurisdiction, source, wording, evidence, at from consent_fact")
    assert list(fact)[:4] == [True, "consent", "default", "form news"]
    assert fact.wording == "I agree to get product news from Market of makers."
    evidence = fact.evidence
    assert (evidence["form"], evidence["form_version"], evidence["ip_prefix"]) == ("news", 1, "127.0.0.0/24")
    assert evidence["confirmed_ip_prefix"] == "127.0.0.0/24"
    assert evidence["asked_at"] <= evidence["confirmed_at"]
    assert evidence["page"].startswith(site.url)
    assert rows(site, "select granted, basis from consent") == [(True, "consent")]
    assert rows(site, "select state, source from list_member") == [("subscribed", "form news")]
    (event,) = rows(site, "select kind, source, side, person_id is not null, properties from event")
    assert event == ("subscribe", "form", "buyer", True, {"list": "product_news", "form": "news"})
    assert rows(site, "select actor from audit_log where action = 'consent'") == [("recipient",)]
    (kept,) = confirmations(site)
    assert kept.state == "confirmed"
    assert kept.email_sealed is None


def test_programs_that_open_links_confirm_nothing(visitor: Visitor, site: Site) -> None:
    visitor.send(ANA)
    for _ in range(3):
        page = httpx.get(link(site), headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["x-robots-tag"] == "noindex"
        assert "a***@example.com" in page.text
        assert "ana@example.com" not in page.text
        assert httpx.head(link(site)).status_code in {200, 405}
    assert confirmations(site)[0].state == "waiting"
    assert rows(site, "select from consent") == []


def test_two_who_say_yes_at_once_and_one_later_are_one(visitor: Visitor, site: Site) -> None:
    visitor.send(ANA)
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda _: say_yes(site), range(4)))
    answers.append(say_yes(site))
    assert {answer.status_code for answer in answers} == {303}
    for table in ("person", "consent_fact", "list_member", "event"):
        assert len(rows(site, f"select from {table}")) == 1, table
    assert len(rows(site, "select from audit_log where action = 'consent'")) == 1
    assert "You are on the list" in httpx.get(link(site), headers={"Accept": "text/html"}).text


def test_a_link_that_is_not_ours(site: Site) -> None:
    for path in ("/p/confirm", "/p/confirm?t=x.y", "/p/confirm?t=" + "9" * 300):
        assert httpx.get(site.url + path).status_code == 403
        assert httpx.post(site.url + path, headers={"Origin": site.url}).status_code == 403
    forged = confirming.sign(Confirmation(id=10**15))
    assert httpx.get(site.url + forged).status_code == 404


def test_another_site_can_not_say_yes(visitor: Visitor, site: Site) -> None:
    visitor.send(ANA)
    assert httpx.post(link(site), headers={"Origin": "https://evil.example"}).status_code == 403
    assert confirmations(site)[0].state == "waiting"


def test_too_late_says_so_and_sends_a_new_link(visitor: Visitor, site: Site, clock: FixedClock) -> None:
    visitor.send(ANA)
    clock.moment += timedelta(days=4)
    assert say_yes(site).status_code == 303
    page = httpx.get(link(site), headers={"Accept": "text/html"})
    assert "This link is too old" in page.text
    assert rows(site, "select from consent") == []
    again = link(site).replace("/p/confirm?", "/p/confirm/again?")
    own = {"Origin": site.url}
    assert httpx.post(again, headers=own).status_code == 303
    assert "Do you want these e-mails?" in httpx.get(link(site)).text
    assert httpx.post(again, headers=own).status_code == 403  # within a minute
    clock.moment += timedelta(seconds=61)
    assert httpx.post(again, headers=own).status_code == 303
    clock.moment += timedelta(seconds=61)
    assert httpx.post(again, headers=own).status_code == 403  # there are three at most
    assert len(letters(site)) == 3
    assert say_yes(site).status_code == 303
    assert rows(site, "select granted from consent") == [(True,)]


def test_long_after_its_time_the_address_is_gone(visitor: Visitor, site: Site, clock: FixedClock) -> None:
    visitor.send(ANA)
    clock.moment += timedelta(days=11)
    with transaction(site.engine) as session:
        assert confirming.forget(session, clock.now(), None, 100).done == 1
        assert confirming.forget(session, clock.now(), None, 100).next is None
    (kept,) = confirmations(site)
    assert (kept.state, kept.email_sealed, kept.email_hash) == ("expired", None, email_hash(ANA))
    page = httpx.get(link(site), headers={"Accept": "text/html"})
    assert "Begin again" in page.text
    assert say_yes(site).status_code == 303
    assert rows(site, "select from consent") == []


def test_asked_again_there_is_one_confirmation_and_few_letters(visitor: Visitor, site: Site, clock: FixedClock) -> None:
    for _ in range(2):
        visitor.send(ANA)
    assert len(letters(site)) == 1
    for _ in range(4):
        clock.moment += timedelta(hours=1)
        visitor.send(ANA.lower())
    assert len(letters(site)) == 3
    assert len(confirmations(site)) == 1


def test_other_words_are_another_wish(visitor: Visitor, site: Site, change: Change) -> None:
    visitor.send(ANA)
    texts = {"en": {**TEXTS["en"], "wording": "I agree to much more."}}
    change(texts=texts)
    visitor.site.clock.moment += timedelta(minutes=2)  # type: ignore[attr-defined]
    visitor.send(ANA)
    first, second = confirmations(site)
    assert (first.state, second.state, second.letters) == ("expired", "waiting", 2)
    assert say_yes(site, 0).status_code == 303
    assert rows(site, "select from consent") == []
    say_yes(site, 1)
    assert rows(site, "select wording from consent_fact") == [("I agree to much more.",)]


def test_who_is_on_the_list_is_told_once_a_day_and_nothing_is_stored(
    visitor: Visitor, site: Site, clock: FixedClock
) -> None:
    first = visitor.send(ANA)
    say_yes(site)
    for _ in range(2):
        again = visitor.send(ANA)
        assert (again.status_code, again.headers["location"]) == (first.status_code, first.headers["location"])
    assert letters(site)[1:] == [("already_subscribed", "ana@example.com")]
    assert len(rows(site, "select from consent_fact")) == 1
    clock.moment += timedelta(days=1)
    visitor.send(ANA)
    assert len(letters(site)) == 3


@pytest.mark.parametrize(("closed", "typed"), [("a.na@gmail.com", "ana+1@gmail.com"), ("ana@gmail.com", ANA)])
def test_nor_does_another_way_of_writing_it(visitor: Visitor, site: Site, closed: str, typed: str) -> None:
    with transaction(site.engine) as session:
        ensure_person(session, Known(email=closed), site.clock.now())
        suppress(session, EMAIL, email_hash(closed), reason="complaint", source="test", now=site.clock.now())
    visitor.send(typed)
    assert len(letters(site)) == (1 if typed == ANA else 0)


@pytest.mark.parametrize("reason", ["complaint", "hard_bounce", "manual", "imported", "erased"])
def test_a_closed_address_gets_no_letter_and_the_visitor_sees_no_difference(
    visitor: Visitor, site: Site, reason: str
) -> None:
    with transaction(site.engine) as session:
        suppress(session, EMAIL, email_hash(ANA), reason=reason, source="test", now=site.clock.now())
    answer = visitor.send(ANA)
    assert (answer.status_code, answer.headers["location"]) == (303, "/f/news/thanks?lang=en")
    assert letters(site) == []
    assert confirmations(site) == []


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=2)])
def test_who_unsubscribed_comes_back_also_after_a_wrong_clock(visitor: Visitor, site: Site, ahead: timedelta) -> None:
    said = site.clock.now() + ahead
    with transaction(site.engine) as session:
        person = ensure_person(session, Known(email=ANA), site.clock.now())
        record_consent(
            session,
            person,
            purpose=MARKETING,
            channel=EMAIL_CHANNEL,
            granted=False,
            basis="",
            jurisdiction="",
            source="page",
            wording="",
            evidence={},
            at=said,
            now=said,
        )
        suppress(session, EMAIL, email_hash(ANA), reason="unsubscribe", source="page", now=said)
    visitor.send(ANA)
    say_yes(site)
    (held,) = rows(site, "select granted, consent.at > suppression.at as younger from consent, suppression")
    assert held == (True, True)


@pytest.mark.parametrize(("country", "letter"), [("US", False), ("BR", False), ("DE", True), ("RU", True), ("", True)])
def test_where_the_law_lets_it_one_step_is_enough(
    visitor: Visitor, site: Site, change: Change, country: str, letter: bool
) -> None:
    change(asks_country=True, always_confirms=False)
    visitor.country = country
    assert visitor.send(ANA).headers["location"] == "/f/news/thanks?lang=en"
    assert bool(letters(site)) is letter
    facts = rows(site, "select jurisdiction, evidence->>'form' from consent_fact")
    assert facts == ([] if letter else [(country.lower(), "news")])
    assert len(rows(site, "select from event where kind = 'subscribe'")) == (0 if letter else 1)


def test_a_known_address_is_asked_also_where_one_step_is_enough(visitor: Visitor, site: Site, change: Change) -> None:
    change(asks_country=True, always_confirms=False)
    with transaction(site.engine) as session:
        ensure_person(session, Known(email=ANA), site.clock.now())
    visitor.country = "US"
    visitor.send(ANA)
    assert rows(site, "select from consent") == []
    assert [message for message, _ in letters(site)] == ["confirm_subscription"]


def test_a_robot_that_fills_every_field_is_thanked(visitor: Visitor, site: Site) -> None:
    answer = visitor.send(ANA, website="https://spam.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/f/news/thanks?lang=en")
    assert letters(site) == []


@pytest.mark.parametrize(
    ("waiting", "words"), [(1.0, "That was very quick"), (86_500.0, "open for a long time"), (-600.0, "very quick")]
)
def test_too_fast_or_too_slow_is_asked_once_more_with_all_kept(
    visitor: Visitor, site: Site, waiting: float, words: str
) -> None:
    answer = visitor.send(ANA, waiting=waiting)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{ANA}"' in answer.text
    stamp = re.search(r'name="stamp" value="([^"]+)"', answer.text)
    assert stamp
    assert visitor.send(ANA, stamp=stamp[1]).status_code == 303
    assert len(letters(site)) == 1


@pytest.mark.parametrize("stamp", ["", "x", "x.y", "a.b.c", "9" * 500])
def test_without_a_stamp_of_ours_it_is_asked_once_more(visitor: Visitor, stamp: str) -> None:
    assert visitor.send(ANA, stamp=stamp).status_code == 422


def test_a_stamp_of_another_form_or_an_older_text_is_none(visitor: Visitor, site: Site, change: Change) -> None:
    with transaction(site.engine) as session:
        other = guarding.stamp(add_form(session, site.clock, "other"), "en", site.clock.now())  # type: ignore[arg-type]
        old = guarding.stamp(forms.form_by_key(session, "news"), "en", site.clock.now())
    assert visitor.send(ANA, stamp=other).status_code == 422
    change(name="Elsewhere")
    answer = visitor.send(ANA, stamp=old)
    assert answer.status_code == 422
    assert "has changed" in answer.text


def test_an_embedded_form_from_a_site_that_may_have_it(visitor: Visitor, site: Site, client_as: ClientAs) -> None:
    html = client_as(None).get("/f/news/embed?lang=ru").text
    assert "Подписаться" in html
    assert "<script" not in html
    stamp = re.search(r'name="stamp" value="([^"]+)"', html)
    assert stamp
    visitor.headers = {"Referer": f"{SHOP}/about?session=secret", "Sec-Fetch-Site": "cross-site"}
    answer = visitor.send(ANA, origin=SHOP, stamp=stamp[1])
    assert answer.headers["location"] == "/f/news/thanks?lang=ru"
    say_yes(site)
    (fact,) = rows(site, "select wording, evidence->>'page' as page from consent_fact")
    assert fact.wording == "Я согласен получать новости Market of makers."
    assert fact.page == f"{SHOP}/about"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://shop.example.evil.example", "null", "", "http://["]
)
def test_a_stranger_s_site_is_refused_in_words(visitor: Visitor, site: Site, origin: str) -> None:
    visitor.headers = {"Sec-Fetch-Site": "cross-site"}
    answer = visitor.send(ANA, origin=origin)
    assert answer.status_code == 403
    assert "page that it doesn&#39;t belong to" in answer.text
    assert letters(site) == []


def test_thanks_on_one_s_own_page_are_for_allowed_sites_alone(
    visitor: Visitor, change: Change, client_as: ClientAs
) -> None:
    change(thanks_url=f"{SHOP}/thanks")
    assert visitor.send(ANA).headers["location"] == f"{SHOP}/thanks"
    assert f"form-action 'self' {SHOP};" in client_as(None).get("/f/news").headers["content-security-policy"]


def test_an_address_that_is_none_is_said_beside_its_field(visitor: Visitor, site: Site) -> None:
    for wrong in ("", "ana", "ana@", "a" * 300 + "@example.com", "a\0@example.com"):
        answer = visitor.send(wrong)
        assert answer.status_code == 422, wrong
        assert 'id="email-error"' in answer.text
    assert letters(site) == []


def test_one_network_and_one_address_are_slowed_down(visitor: Visitor, site: Site, clock: FixedClock) -> None:
    for number in range(guarding.MOST_OF_ADDRESS + 1):
        answer = visitor.send(ANA, waiting=2 + number / 10)
        assert answer.status_code == 303
    for number in range(guarding.MOST_OF_NETWORK - guarding.MOST_OF_ADDRESS - 1):
        assert visitor.send(f"{number}@example.com", waiting=2).status_code == 303
    answer = visitor.send("one.more@example.com", waiting=2)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"
    kept = rows(site, "select hash, number from sign_up_pace")
    assert all(len(one.hash) == 32 for one in kept)
    clock.moment += timedelta(hours=1)
    assert visitor.send("one.more@example.com").status_code == 303
    clock.moment += timedelta(hours=4)
    with transaction(site.engine) as session:
        assert guarding.forget_pace(session, clock.now(), None, 1_000).done
    assert rows(site, "select from sign_up_pace") == []


def test_one_mailbox_is_slowed_down_however_it_is_written(visitor: Visitor, site: Site) -> None:
    ways = ("anna.b@gmail.com", "annab@gmail.com", "a.n.n.a.b@googlemail.com", "annab+1@gmail.com", "ANNAB+2@gmail.com")
    for way in (*ways, "annab+3@gmail.com", "annab+4@gmail.com"):
        assert visitor.send(way, waiting=2).status_code == 303
    assert len(letters(site)) == guarding.MOST_OF_ADDRESS


def test_the_form_speaks_the_reader_s_language(visitor: Visitor, site: Site) -> None:
    def read(path: str, **headers: str) -> str:
        return httpx.get(f"{site.url}/f/news{path}", headers={"Accept": "text/html", **headers}).text

    assert visitor
    assert "Подписаться" in read("?lang=ru")
    assert "Подписаться" in read("", **{"Accept-Language": "ru;q=0.9,xx"})
    assert "Подписаться" in read("", Cookie="locale=ru")
    assert "Subscribe" in read("?lang=tlh")
    # Not written in Portuguese: the page around it is, the form's own words are marked as English.
    assert 'lang="en"' in read("?lang=pt-BR")


def test_a_closed_form_and_one_that_never_was(visitor: Visitor, site: Site, client_as: ClientAs) -> None:
    with transaction(site.engine) as session:
        forms.archive(session, forms.form_by_key(session, "news"), actor="m", now=site.clock.now())
    for key in ("news", "nothing", "9" * 300, "a%00b"):
        for path in (f"/f/{key}", f"/f/{key}/thanks", f"/f/{key}/embed"):
            assert client_as(None).get(path).status_code == 404, path
    assert visitor


def test_a_list_that_was_closed_meanwhile_takes_nobody(visitor: Visitor, site: Site) -> None:
    visitor.send(ANA)
    with transaction(site.engine) as session:
        lists.archive(session, lists.list_by_key(session, "product_news"), actor="m", now=site.clock.now())
    answer = say_yes(site)
    assert answer.status_code == 409
    assert rows(site, "select from person") == []


def test_links_lead_to_the_public_address(visitor: Visitor) -> None:
    with transaction(visitor.site.engine) as session:
        form = forms.form_by_key(session, "news")
        assert f'action="{settings().public_url}/f/news"' in snippet(form, "en")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_the_form_in_a_browser_without_a_script(visitor: Visitor, site: Site, page_as: PageAs, width: int) -> None:
    page = page_as(None, width=width, javascript=False)
    page.goto("/f/news")
    no_sideways_scroll(page)
    page.get_by_label("E-mail").fill(ANA)
    visitor.site.clock.moment += timedelta(seconds=5)  # type: ignore[attr-defined]
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    page.goto(link(site))
    page.get_by_role("button", name="Yes, send it to me").click()
    page.get_by_role("heading", name="You are on the list").wait_for()
    assert rows(site, "select granted from consent") == [(True,)]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_for_axe_on_what_visitors_see(
    visitor: Visitor, site: Site, page_as: PageAs, change: Change, theme: str
) -> None:
    change(asks_name=True, asks_country=True, texts={"en": {**TEXTS["en"], "heading": "Long" * 30}})
    visitor.send(ANA)
    page = page_as(None, width=390, theme=theme)
    for path in ("/f/news", "/f/news/thanks", link(site).removeprefix(site.url)):
        page.goto(path)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)
    page.goto("/f/news")
    visitor.site.clock.moment += timedelta(seconds=5)  # type: ignore[attr-defined]
    page.get_by_role("button", name="Subscribe").click()
    page.locator("[aria-invalid]").wait_for()
    axe(page)
