"""Links of messages: clicks, opens and the end of a subscription, by people, programs and strangers."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from growth.campaigns.counting import counts_of
from growth.campaigns.records import Campaign, Delivery, EmailVersion
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import make_engine, transaction
from growth.events.links import TOKEN_PARAMETER, read_person, sign_click, sign_open, sign_unsubscribe
from growth.events.records import Event
from growth.people.consent import may_write
from growth.people.records import Consent, ConsentFact, Identity, Person, Suppression
from growth.web.public.landing import landing
from growth.web.public.pixel import PICTURE
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import PageAs
from tests.web.messages import LINKS, Message, sent
from tests.web.serving import Site

BIGGEST = 2**63 - 1
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def read(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    """As a reader's browser asks for it."""
    return httpx.request(method, url, headers={"User-Agent": BROWSER} | headers, timeout=30)


def events(site: Site) -> list[Event]:
    with transaction(site.engine) as session:
        return list(session.scalars(select(Event).order_by(Event.occurred_at)))


def delivery(site: Site, number: int) -> Delivery:
    with transaction(site.engine) as session:
        return session.get_one(Delivery, number)


def agreed(site: Site, person: int) -> bool:
    with transaction(site.engine) as session:
        return may_write(session, person, "marketing", "email")


def test_a_click_is_counted_and_sent_on_with_tags_and_who_came(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    answer = read(site.url + sign_click(message.delivery, 0))
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    query = parse_qs(target.query)
    assert (target.netloc, target.path, target.fragment) == ("shop.example", "/ru/", "top")
    assert query["a"] == ["1"]
    assert query["utm_medium"] == ["email"]
    assert read_person(query[TOKEN_PARAMETER][0], clock.now()) == message.person
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    (event,) = events(site)
    assert (event.kind, event.source, event.side) == ("email_click", "link", "buyer")
    assert (event.person_id, event.delivery_id) == (message.person, message.delivery)
    assert event.properties["position"] == 0
    assert delivery(site, message.delivery).clicked_at == clock.now()


def test_elsewhere_a_click_takes_nothing_along(site: Site) -> None:
    message = sent(site)
    assert read(site.url + sign_click(message.delivery, 1)).headers["location"] == LINKS[1]


def test_scanners_and_browsers_that_fetch_ahead_are_sent_on_uncounted(site: Site) -> None:
    path = sign_click(sent(site).delivery, 0)
    assert read(site.url + path, "HEAD").status_code == 302
    for header, value in (("Purpose", "prefetch"), ("Sec-Purpose", "prefetch;prerender"), ("X-Moz", "prefetch")):
        assert read(site.url + path, **{header: value}).status_code == 302
    assert events(site) == []


def test_the_same_click_counts_once_a_minute(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    for _ in range(3):
        read(site.url + sign_click(message.delivery, 0))
        clock.moment += timedelta(seconds=10)
    assert len(events(site)) == 1
    read(site.url + sign_click(message.delivery, 1))
    assert len(events(site)) == 2
    clock.moment += timedelta(minutes=1)
    read(site.url + sign_click(message.delivery, 0))
    assert len(events(site)) == 3


def test_clicks_at_the_same_moment_count_once(site: Site) -> None:
    message = sent(site)
    paths = [sign_click(message.delivery, 0), sign_open(message.delivery)] * 5
    ready = threading.Barrier(len(paths))
    statuses: list[int] = []

    def visit(path: str) -> None:
        ready.wait()
        statuses.append(read(site.url + path).status_code)

    threads = [threading.Thread(target=visit, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [302] * 5
    assert sorted(event.kind for event in events(site)) == ["email_click", "email_open"]


def test_programs_are_told_apart_from_readers(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    scanner = {"User-Agent": "Barracuda Sentinel (EE)"}
    assert httpx.get(site.url + sign_click(message.delivery, 0), headers=scanner).status_code == 302
    httpx.get(site.url + sign_open(message.delivery), headers={"User-Agent": "Mozilla/5.0"})
    assert sorted(event.kind for event in events(site)) == ["email_machine_click", "email_machine_open"]
    found = delivery(site, message.delivery)
    assert (found.clicked_at, found.opened_at) == (None, None)
    assert found.scanner_clicked_at == found.machine_opened_at == clock.now()
    assert found.state == "delivered"
    proxy = BROWSER + " (via ggpht.com GoogleImageProxy)"
    httpx.get(site.url + sign_open(message.delivery), headers={"User-Agent": proxy})
    clock.moment += timedelta(minutes=1)
    httpx.get(site.url + sign_open(message.delivery), headers={"User-Agent": proxy})
    assert delivery(site, message.delivery).opened_at is not None


def test_who_follows_three_links_at_once_is_a_scanner_from_the_first_on(site: Site, clock: FixedClock) -> None:
    message = many_links(site)
    read(site.url + sign_click(message.delivery, 0))
    earlier = clock.now()
    assert delivery(site, message.delivery).clicked_at == earlier
    clock.moment += timedelta(seconds=30)
    for position in (1, 2, 3):
        read(site.url + sign_click(message.delivery, position))
    found = delivery(site, message.delivery)
    assert found.clicked_at == earlier  # a reader's own click stays
    assert found.scanner_clicked_at == clock.now()
    assert [one.kind for one in events(site)] == ["email_click", *["email_machine_click"] * 3]
    with transaction(site.engine) as session:
        assert counts_of(session, [found.campaign_run_id])[found.campaign_run_id].clicked == 1


def test_links_followed_at_the_same_moment_see_each_other(site: Site) -> None:
    message = many_links(site)
    with ThreadPoolExecutor(4) as threads:
        paths = [sign_click(message.delivery, position) for position in range(4)]
        assert {one.status_code for one in threads.map(lambda path: read(site.url + path), paths)} == {302}
    assert delivery(site, message.delivery).clicked_at is None
    assert {one.kind for one in events(site)} == {"email_machine_click"}


def many_links(site: Site) -> Message:
    message = sent(site)
    with transaction(site.engine) as session:
        session.execute(update(EmailVersion).values(links=[f"https://shop.example/{n}" for n in range(4)]))
    return message


def odd(signed: str) -> list[str]:
    return [
        signed[:-1],
        signed + "x",
        "x",
        "x.y",
        "%00",
        "%ff",
        "ж",
        "." * 3000,
        "..%2f..%2fetc",
        "https:%2f%2fevil.example",
    ]


def test_other_links_lead_nowhere(site: Site) -> None:
    message = sent(site)
    signed = sign_click(message.delivery, 0).removeprefix("/c/")
    for text in odd(signed):
        answer = read(f"{site.url}/c/{text}")
        assert answer.status_code in {403, 404}, text
        assert "location" not in answer.headers
        assert "Traceback" not in answer.text
    for path in (sign_click(message.delivery, 2), sign_click(message.delivery, 99), sign_click(BIGGEST, 0)):
        answer = read(site.url + path)
        assert answer.status_code == 404
        assert "led to is gone" in answer.text
    assert events(site) == []


def test_an_erased_person_is_sent_on_unknown(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    with transaction(site.engine) as session:
        session.execute(update(Person).values(erased_at=clock.now()))
    answer = read(site.url + sign_click(message.delivery, 0))
    assert TOKEN_PARAMETER not in answer.headers["location"]
    assert events(site)[0].person_id is None


@settings(max_examples=60, deadline=None)
@given(st.text() | st.from_regex(r"https?://[a-z.]{0,20}shop\.example[^\s]{0,20}"), st.text())
def test_whatever_a_link_says_only_the_shop_gets_the_token(url: str, campaign: str) -> None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return
    made = landing(url, shop_url="https://www.shop.example", campaign=campaign, token="secret")
    assert host == "shop.example" or (host or "").endswith(".shop.example") or made == url


@pytest.mark.parametrize(
    ("url", "ends"),
    [
        ("https://shop.example", "?utm_source=growth&utm_medium=email&utm_campaign=A%26B&growth_token=t.s"),
        (
            "https://ru.shop.example/?x=1&x=2",
            "?x=1&x=2&utm_source=growth&utm_medium=email&utm_campaign=A%26B&growth_token=t.s",
        ),
        ("https://shop.example/?utm_medium=push&utm_campaign=", "&utm_source=growth&growth_token=t.s"),
        ("https://shop.example/a#b", "&growth_token=t.s#b"),
        ("https://notshop.example/a", "/a"),
        ("https://shop.example.evil.example/a", "/a"),
        ("https://shop.example@evil.example/a", "/a"),
    ],
)
def test_tags_stand_where_none_stood(url: str, ends: str) -> None:
    made = landing(url, shop_url="https://shop.example/en", campaign="A&B", token="t.s")
    assert made.startswith(url.split("#", maxsplit=1)[0])
    assert made.endswith(ends)


def test_an_open_is_counted_once_a_minute_and_always_shows_the_picture(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    for _ in range(2):
        answer = read(site.url + sign_open(message.delivery))
        assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in answer.headers
    assert len(PICTURE) == 43
    (event,) = events(site)
    assert (event.kind, event.source, event.person_id) == ("email_open", "pixel", message.person)
    assert delivery(site, message.delivery).opened_at == clock.now()


def test_the_picture_comes_whatever_is_wrong(site: Site) -> None:
    message = sent(site)
    good = sign_open(message.delivery)
    strange = [f"/o/{text}.gif" for text in odd(good.removeprefix("/o/").removesuffix(".gif"))]
    for path in [*strange[:8], sign_open(BIGGEST)]:
        assert read(site.url + path).content == PICTURE, path
    assert read(site.url + good, "HEAD").status_code == 200
    away = make_engine("postgresql://nobody@127.0.0.1:9/none")
    site.app.state.engine = away
    assert read(site.url + good).content == PICTURE
    site.app.state.engine = site.engine
    away.dispose()
    assert events(site) == []


def test_opening_the_page_ends_nothing(site: Site) -> None:
    message = sent(site)
    page = read(site.url + sign_unsubscribe(message.delivery))
    assert page.status_code == 200
    assert 'lang="ru"' in page.text
    assert "a***@example.com" in page.text
    assert "anna@" not in page.text
    assert "Market of makers" in page.text
    assert "· growth</title>" not in page.text
    assert agreed(site, message.person)


def test_one_click_of_a_mail_program_ends_it_once(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    url = site.url + sign_unsubscribe(message.delivery)
    for body in ({"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}):
        answer = httpx.post(url, headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}, **body)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert not agreed(site, message.person)
    with transaction(site.engine) as session:
        facts = session.scalars(select(ConsentFact).where(~ConsentFact.granted)).all()
        suppressed = session.scalars(select(Suppression)).all()
        logged = select(AuditEntry.actor, AuditEntry.subject).where(AuditEntry.action == "consent")
        assert session.execute(logged).all() == [("recipient", f"person {message.person}")]
    assert [fact.source for fact in facts] == ["one-click"]
    assert [(one.reason, one.scope) for one in suppressed] == [("unsubscribe", "marketing")]
    assert [event.kind for event in events(site)] == ["unsubscribe"]
    assert delivery(site, message.delivery).unsubscribed_at == clock.now()


def test_unsubscribing_is_kept_where_the_permission_had_ended_by_other_means(site: Site, clock: FixedClock) -> None:
    message = sent(site)
    with transaction(site.engine) as session:
        session.execute(update(Consent).values(granted=False, at=clock.now() - timedelta(days=2)))
    assert httpx.post(site.url + sign_unsubscribe(message.delivery), data=ONE_CLICK).status_code == 200
    with transaction(site.engine) as session:
        assert session.scalars(select(Suppression.at)).all() == [clock.now()]
    assert events(site) == []


def test_unsubscribing_many_times_at_once_is_once(site: Site) -> None:
    message = sent(site)
    url = site.url + sign_unsubscribe(message.delivery)
    ready = threading.Barrier(6)
    statuses: list[int] = []

    def end() -> None:
        ready.wait()
        statuses.append(httpx.post(url, data=ONE_CLICK, timeout=30).status_code)

    threads = [threading.Thread(target=end) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    with transaction(site.engine) as session:
        assert len(session.scalars(select(ConsentFact).where(~ConsentFact.granted)).all()) == 1
    assert len(events(site)) == 1


def test_without_the_right_link_nothing_ends(site: Site) -> None:
    message = sent(site)
    signed = sign_unsubscribe(message.delivery).removeprefix("/p/unsubscribe?t=")
    other = sign_open(message.delivery).removeprefix("/o/").removesuffix(".gif")
    for text in [*odd(signed), other, ""]:
        for answer in (
            read(f"{site.url}/p/unsubscribe?t={text}"),
            httpx.post(f"{site.url}/p/unsubscribe?t={text}", data=ONE_CLICK),
        ):
            assert answer.status_code == 403, text
            assert "not one of ours" in answer.text
            assert 'href="/"' not in answer.text
    gone = httpx.post(site.url + sign_unsubscribe(BIGGEST))
    assert gone.status_code == 404
    assert agreed(site, message.person)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xfe\0", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=%00%ff", "application/x-www-form-urlencoded"),
        (b"", ""),
        (b"{}", "application/json"),
    ],
)
def test_whatever_is_posted_to_the_right_link_ends_it(site: Site, content: bytes, kind: str) -> None:
    message = sent(site)
    answer = httpx.post(site.url + sign_unsubscribe(message.delivery), content=content, headers={"Content-Type": kind})
    assert answer.status_code in {200, 303}
    assert not agreed(site, message.person)


def test_an_erased_recipient_reads_that_it_is_over(site: Site, clock: FixedClock) -> None:
    message = sent(site, locale="en")
    with transaction(site.engine) as session:
        session.execute(update(Person).values(erased_at=clock.now()))
        session.execute(delete(Identity))
    url = site.url + sign_unsubscribe(message.delivery)
    assert "You are unsubscribed" in read(url).text
    assert httpx.post(url, data=ONE_CLICK).status_code == 200


@pytest.mark.browser
def test_the_page_by_its_button_without_script_in_the_message_s_language(site: Site, page_as: PageAs) -> None:
    message = sent(site, locale="en")
    for width, theme in ((390, "light"), (1440, "dark")):
        page = page_as(None, width=width, theme=theme)
        page.goto(sign_unsubscribe(message.delivery))
        assert page.locator("h1").inner_text() == "Stop these e-mails?"
        axe(page)
        no_sideways_scroll(page)
    plain = page_as(None, width=390, javascript=False)
    plain.goto(sign_unsubscribe(message.delivery))
    plain.get_by_role("button", name="Unsubscribe").click()
    plain.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert plain.get_by_text("a***@example.com").is_visible()
    assert not agreed(site, message.person)
    done = page_as(None)
    done.goto(sign_unsubscribe(message.delivery))
    axe(done)
    done.get_by_role("button", name="Русский").click()
    done.wait_for_url("**/p/unsubscribe?t=*")
    assert done.locator("html").get_attribute("lang") == "ru"


def test_long_names_and_campaigns_in_any_script(site: Site) -> None:
    message = sent(site, locale="zh_CN", email=f"{'ю' * 20}@пример.example")
    with transaction(site.engine) as session:
        session.execute(update(Campaign).values(name="欢迎 " * 60 + "<b>&"))
    page = read(site.url + sign_unsubscribe(message.delivery))
    assert page.status_code == 200
    assert 'lang="zh-CN"' in page.text
    assert read(site.url + sign_click(message.delivery, 0)).status_code == 302
