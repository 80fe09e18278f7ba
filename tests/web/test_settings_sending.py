"""The rules of sending on their page: read by marketers, changed by admins, never over somebody else's change."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from growth.campaigns.sending.records import SendingRules
from growth.campaigns.sending.rules import halt, rules, save_rules
from growth.clock import FixedClock
from growth.database.audit import AuditEntry
from growth.database.engine import transaction
from growth.people.accounts import Role
from growth.web.pages.settings_sending import plan
from growth.web.sending_form import SendingForm, typed
from tests.campaigns.planned import make
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

PATH = "/settings/sending"


def stored(site: Site) -> SendingRules:
    with transaction(site.engine) as session:
        return rules(session)


def form(site: Site, **changes: str) -> dict[str, str]:
    held = stored(site)
    return typed(held).model_dump() | {"version": str(held.version)} | changes


def test_what_is_shown_is_what_is_saved(site: Site, client_as: ClientAs) -> None:
    admin = client_as(Role.ADMIN)
    assert admin.post(PATH, data=form(site)).status_code == 303
    assert stored(site).version == 1
    changed = form(
        site,
        quiet_from="22:30",
        quiet_until="",
        most_per_week="",
        per_receiver="mail.ru 3 000\nqq 500",
        bounce_limit="2,5",
        complaint_limit="0.1 %",
        warm_up_since="2026-11-20",
        seeds="qa@example.com ru\nQA2@example.com",
        role_addresses="leave_out",
    )
    answer = admin.post(PATH, data=changed)
    assert answer.status_code == 422
    assert "Quiet hours have a beginning and an end, or neither." in answer.text
    assert 'value="22:30"' in answer.text
    assert admin.post(PATH, data=changed | {"quiet_until": "07:00"}).status_code == 303
    held = stored(site)
    assert (held.quiet_from, held.quiet_until, held.most_per_week) == (1350, 420, None)
    assert held.per_receiver == {"mail.ru": 3000, "qq": 500}
    assert (held.bounce_limit, held.complaint_limit) == (250, 10)
    assert held.warm_up_since == date(2026, 11, 20)
    assert held.seeds == [{"email": "qa@example.com", "locale": "ru"}, {"email": "qa2@example.com", "locale": "en"}]
    assert held.role_addresses == "leave_out"
    with transaction(site.engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "change rules of sending")).one()
    assert entry.actor == "admin@example.com"
    page = client_as(Role.MARKETER).get(PATH).text
    assert "22:30" in page
    assert "Today" in page


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("quiet_from", "25:00"),
        ("most_per_day", "0"),
        ("most_per_day", "-1"),
        ("most_per_day", "９"),
        ("per_hour", "9" * 4000),
        ("bounce_limit", "lots"),
        ("bounce_limit", "0.123"),
        ("bounce_limit", "1e400"),
        ("complaint_limit", "NaN"),
        ("warm_up_since", "31.12.2026"),
        ("warm_up_growth", ""),
        ("per_receiver", "mail.ru"),
        ("per_receiver", "mail.ru x"),
        ("most_by_purpose", "marketing 9999999"),
        ("seeds", "nobody"),
        ("seeds", "a@example.com klingon"),
        ("disposable_addresses", "burn"),
        ("soft_bounces", "1.5"),
    ],
)
def test_what_can_t_be_is_said_beside_its_field(site: Site, client_as: ClientAs, field: str, text: str) -> None:
    answer = client_as(Role.ADMIN).post(PATH, data=form(site, **{field: text}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert stored(site).version == 1


def test_two_who_save_at_once_see_the_difference(site: Site, client_as: ClientAs, clock: FixedClock) -> None:
    mine = form(site, most_per_day="7")
    with transaction(site.engine) as session:
        save_rules(session, {"most_per_day": 3}, version=1, actor="other@example.com", now=clock.now())
    admin = client_as(Role.ADMIN)
    answer = admin.post(PATH, data=mine)
    assert answer.status_code == 409
    assert "Somebody else has saved" in answer.text
    assert "<td>7</td><td>3</td>" in answer.text
    assert stored(site).most_per_day == 3
    assert admin.post(PATH, data=mine | {"version": "2"}).status_code == 303
    assert stored(site).most_per_day == 7


def test_only_an_admin_changes_them(site: Site, client_as: ClientAs) -> None:
    marketer = client_as(Role.MARKETER)
    page = marketer.get(PATH)
    assert page.status_code == 200
    assert "Save rules" not in page.text
    assert marketer.post(PATH, data=form(site, most_per_day="9")).status_code == 403
    assert marketer.post(f"{PATH}/go-on").status_code == 403
    assert client_as(Role.REP).get(PATH).status_code == 403
    assert stored(site).version == 1


def test_a_halt_is_told_and_let_go_by_an_admin(site: Site, client_as: ClientAs, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        halt(session, "Of %(sent)s messages %(number)s bounced.", now=clock.now(), sent=900, number=90)
    assert "Of 900 messages 90 bounced." in client_as(Role.MARKETER).get(PATH).text
    admin = client_as(Role.ADMIN)
    assert "Of 900 messages 90 bounced." in admin.get(f"{PATH}/go-on").text
    for _ in range(2):
        assert admin.post(f"{PATH}/go-on").status_code == 303
    assert stored(site).halted_at is None
    with transaction(site.engine) as session:
        logged = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert logged == ["halt sending", "let sending go on"]
    assert "Nothing is halted." in admin.get(f"{PATH}/go-on").text


@pytest.mark.parametrize("state", ["sending", "scheduled", "paused", "sent"])
def test_a_halt_stands_once_on_a_campaign_s_page(
    site: Site, client_as: ClientAs, clock: FixedClock, state: str
) -> None:
    with transaction(site.engine) as session:
        campaign = make(session, "Bags")
        campaign.state, number = state, campaign.id
        session.flush()
        halt(session, "Of %(sent)s messages %(number)s bounced.", now=clock.now(), sent=900, number=90)
    page = client_as(Role.MARKETER).get(f"/campaigns/{number}").text
    shown = page.split("<main", 1)[1]
    assert shown.count("Of 900 messages 90 bounced.") == (state != "sent")
    assert shown.count(f'href="{PATH}"') == (state != "sent")


def test_the_plan_of_a_warm_up_has_today_marked(site: Site, clock: FixedClock) -> None:
    held = stored(site)
    assert plan(held, clock.now()) == []
    held.warm_up_since = clock.now().date() - timedelta(days=2)
    days = plan(held, clock.now())
    assert [one.messages for one in days[:3]] == [200, 300, 450]
    assert [number for number, one in enumerate(days) if one.today] == [2]
    assert len(days) == held.warm_up_days


@given(st.dictionaries(st.sampled_from(sorted(SendingForm.model_fields)), st.text(max_size=30)))
def test_whatever_is_typed_is_read_or_refused_in_words(texts: dict[str, str]) -> None:
    found, wrong = SendingForm(**texts).changes()
    assert found.keys() | wrong.keys() == SendingForm.model_fields.keys()
    assert all(error.field == field for field, error in wrong.items())


@pytest.mark.browser
def test_the_page_in_a_browser(site: Site, page_as: PageAs, clock: FixedClock) -> None:
    with transaction(site.engine) as session:
        save_rules(session, {"warm_up_since": clock.now().date()}, version=1, actor="x", now=clock.now())
        halt(session, "Too much came back.", now=clock.now())
    for role in (Role.ADMIN, Role.MARKETER):
        page = page_as(role)
        page.goto(PATH)
        for width, theme in ((390, "dark"), (1440, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
            axe(page)
            no_sideways_scroll(page)
    plain = page_as(Role.ADMIN, javascript=False, width=390)
    plain.goto(PATH)
    plain.get_by_label("Messages to one person in 24 hours").fill("1")
    plain.get_by_role("button", name="Save rules").click()
    plain.get_by_text("The rules are saved.").wait_for()
    assert stored(site).most_per_day == 1
