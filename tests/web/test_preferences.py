"""`/p/preferences`: what recipients want, said by a signed link, in two tabs, twice, and by strangers."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.events.links import (
    delivery_preferences,
    sign_click,
    sign_person,
    sign_preferences,
    sign_unsubscribe,
)
from growth.people.consent import may_write
from growth.people.permission import lists
from growth.people.permission.lists import Topic
from growth.people.permission.records import ListMember, Preference
from growth.people.records import Person
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import PageAs
from tests.web.messages import Message, sent
from tests.web.serving import Site

FETCH = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def message(site: Site) -> Message:
    """A message in English to somebody who agreed; two topics are public, one isn't."""
    with transaction(site.engine) as session:
        for key, public in (("news", True), ("offers", True), ("inner_circle", False)):
            topic = Topic(names={"en": key.title()}, descriptions={"en": f"All about {key}"}, public=public)
            lists.create(session, key, "buyer", topic, actor="x", now=site.clock.now())
    return sent(site, locale="en")


@pytest.fixture
def reader(site: Site) -> Iterator[httpx.Client]:
    """A reader's browser without a script."""
    with httpx.Client(base_url=site.url, timeout=30, headers=FETCH) as client:
        yield client


def path(where: str, step: str) -> str:
    return where.replace("?t=", f"{step}?t=")


def agreed(site: Site, person: int) -> bool:
    with transaction(site.engine) as session:
        return may_write(session, person, "marketing", "email")


def preference(site: Site, person: int) -> Preference | None:
    with transaction(site.engine) as session:
        return session.get(Preference, person)


def on(site: Site, person: int) -> set[str]:
    with transaction(site.engine) as session:
        lists_of = {one.id: one.key for one in lists.all_lists(session)}
        mine = session.scalars(
            select(ListMember).where(ListMember.person_id == person, ListMember.state == "subscribed")
        )
        return {lists_of[one.list_id] for one in mine}


def test_opening_the_page_changes_nothing_and_shows_little_of_the_address(
    site: Site, message: Message, reader: httpx.Client
) -> None:
    for where in (delivery_preferences(message.delivery), sign_preferences(message.person)):
        page = reader.get(where)
        assert page.status_code == 200
        assert "a***@example.com" in page.text
        assert "anna@" not in page.text
        assert "Offers" in page.text
        assert "Inner" not in page.text
        assert page.headers["x-robots-tag"] == "noindex"
        assert reader.head(where).status_code in {200, 405}
    assert agreed(site, message.person)
    assert preference(site, message.person) is None


def test_the_token_of_unsubscribing_opens_it_and_no_other_does(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    token = sign_unsubscribe(message.delivery).partition("t=")[2]
    assert reader.get(f"/p/preferences?t={token}").status_code == 200
    strange = [token[:-1], token + "x", "", "x.y", "%00", "ж" * 900, sign_click(message.delivery, 0)[3:]]
    strange += [sign_person(message.person, clock.now())]
    for text in strange:
        for step in ("", "/pause", "/unsubscribe", "/undo", "/address", "/again", "/why", "/go-on"):
            answer = reader.post(f"/p/preferences{step}", params={"t": text}, data={"email": "b@example.com"})
            assert answer.status_code == 403, (step, text)
            assert "not one of ours" in answer.text
    for gone in (sign_preferences(2**62), delivery_preferences(2**62)):
        assert reader.get(gone).status_code == 404
    assert agreed(site, message.person)


def test_another_site_can_say_nothing_in_a_reader_s_name(site: Site, message: Message) -> None:
    answer = httpx.post(
        site.url + path(delivery_preferences(message.delivery), "/unsubscribe"),
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        timeout=30,
    )
    assert answer.status_code == 403
    assert agreed(site, message.person)


def test_topics_frequency_and_language_are_kept_and_logged(site: Site, message: Message, reader: httpx.Client) -> None:
    where = delivery_preferences(message.delivery)
    form = {
        "topics": ["offers"],
        "shown": ["news:off", "offers:off"],
        "frequency": "twice_a_month",
        "frequency_shown": "all",
        "language": "pt_BR",
        "language_shown": "en",
    }
    assert [reader.post(where, data=form).status_code for _ in range(2)] == [303, 303]
    assert on(site, message.person) == {"offers"}
    kept = preference(site, message.person)
    assert kept is not None
    assert (kept.most_per_week, kept.most_per_month) == (None, 2)
    with transaction(site.engine) as session:
        assert session.get_one(Person, message.person).locale == "pt_BR"
        logged = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "preferences")).all()
    assert logged == [{"topic": "offers", "on": True}, {"frequency": "twice_a_month"}, {"language": "pt_BR"}]
    page = reader.get(where).text
    assert 'lang="pt-BR"' in page
    assert re.search(r'value="offers" checked|value="offers"[^>]*checked', page)


def test_two_tabs_take_nothing_of_each_other_back(site: Site, message: Message, reader: httpx.Client) -> None:
    where = delivery_preferences(message.delivery)
    shown = ["news:off", "offers:off"]
    reader.post(where, data={"topics": ["news", "offers"], "shown": shown})
    assert on(site, message.person) == {"news", "offers"}
    # Both tabs were opened now; one leaves everything, the other then changes the frequency alone.
    both = ["news:on", "offers:on"]
    reader.post(where, data={"topics": [], "shown": both})
    reader.post(
        where, data={"topics": ["news", "offers"], "shown": both, "frequency": "weekly", "frequency_shown": "all"}
    )
    assert on(site, message.person) == set()
    kept = preference(site, message.person)
    assert kept is not None
    assert kept.most_per_week == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"frequency": "hourly"}, 422),
        ({"language": "xx"}, 422),
        ({"shown": ["nothing:off"], "topics": ["nothing"]}, 404),
        ({"shown": ["inner_circle:off"], "topics": ["inner_circle"]}, 404),
        ({"shown": ["x" * 5000, ":", "::on"], "topics": []}, 404),
    ],
)
def test_what_is_not_offered_is_refused_in_words(
    site: Site, message: Message, reader: httpx.Client, form: dict[str, object], status: int
) -> None:
    answer = reader.post(delivery_preferences(message.delivery), data=form)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert on(site, message.person) == set()


def test_a_pause_of_thirty_days_and_its_end(
    site: Site, message: Message, reader: httpx.Client, clock: FixedClock
) -> None:
    where = delivery_preferences(message.delivery)
    for _ in range(2):
        assert reader.post(path(where, "/pause")).status_code == 303
    kept = preference(site, message.person)
    assert kept is not None
    assert kept.paused_until == clock.now() + timedelta(days=30)
    assert "End the pause" in reader.get(where).text
    clock.moment += timedelta(days=30, seconds=1)
    assert "End the pause" not in reader.get(where).text
    reader.post(path(where, "/pause"))
    for _ in range(2):
        reader.post(path(where, "/go-on"))
    kept = preference(site, message.person)
    assert kept is not None
    assert kept.paused_until is None


def test_an_erased_person_is_told_so(site: Site, message: Message, reader: httpx.Client, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        session.execute(update(Person).values(erased_at=clock.now()))
    for where in (delivery_preferences(message.delivery), sign_preferences(message.person)):
        assert reader.get(where).status_code == 403
        assert reader.post(path(where, "/pause")).status_code == 403
    assert preference(site, message.person) is None


def test_very_long_names_in_any_script(site: Site, reader: httpx.Client) -> None:
    with transaction(site.engine) as session:
        topic = Topic(names={"en": "Ж" * 80, "zh_CN": "欢" * 80}, descriptions={"en": "<b>&" * 70}, public=True)
        lists.create(session, "long", "buyer", topic, actor="x", now=site.clock.now())
    made = sent(site, locale="zh_CN", email=f"{'ю' * 20}@пример.example")
    page = reader.get(delivery_preferences(made.delivery))
    assert page.status_code == 200
    assert "欢" * 80 in page.text
    assert 'lang="zh-CN"' in page.text


@pytest.mark.browser
def test_the_page_in_a_browser_with_and_without_a_script(site: Site, message: Message, page_as: PageAs) -> None:
    where = delivery_preferences(message.delivery)
    page = page_as(None)
    page.goto(where)
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            axe(page)
            no_sideways_scroll(page)
    plain = page_as(None, width=390, javascript=False)
    plain.goto(where)
    plain.get_by_label("News").check()
    plain.get_by_label("At most one a week").check()
    plain.get_by_role("button", name="Save").click()
    plain.get_by_text("Saved. It holds from the next e-mail on.").wait_for()
    assert plain.get_by_label("News").is_checked()
    plain.get_by_role("button", name="Pause for 30 days").click()
    plain.get_by_role("heading", name="Paused").wait_for()
    axe_page = page_as(None, width=390, theme="dark")
    axe_page.goto(where)
    axe(axe_page)
    plain.get_by_role("button", name="Unsubscribe from all").click()
    plain.get_by_role("heading", name="You get no e-mails").wait_for()
    axe_page.goto(where)
    axe(axe_page)
    no_sideways_scroll(axe_page)
    plain.locator("main").get_by_role("button", name="Undo").click()
    plain.get_by_text("Everything is as it was before.").wait_for()
    assert agreed(site, message.person)


def test_many_tabs_at_once_end_as_one(site: Site, message: Message) -> None:
    where = delivery_preferences(message.delivery)
    steps = ["/pause", "/unsubscribe", "", "/pause", "/unsubscribe", ""]
    ready = threading.Barrier(len(steps))
    statuses: list[int] = []

    def press(step: str) -> None:
        form = {"topics": ["news"], "shown": ["news:off"], "language": "ru", "language_shown": "en"}
        ready.wait()
        statuses.append(httpx.post(site.url + path(where, step), data=form, headers=FETCH, timeout=30).status_code)

    threads = [threading.Thread(target=press, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 6
    with transaction(site.engine) as session:
        assert len(session.scalars(select(Preference)).all()) == 1
        assert len(session.scalars(select(ListMember)).all()) == 1
