"""The queue and one lead: who sees what, logging a call, moving on, taking, by mouse and by keyboard."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, insert, select

from growth.database.engine import transaction
from growth.leads.records import Activity, Assignment, FollowUp, Lead, StageChange
from growth.people.staff import account_by_email
from growth.scoring.records import LeadRank, ScoringModel
from tests.web.browser import axe, no_sideways_scroll
from tests.web.conftest import ClientAs, PageAs
from tests.web.serving import Site

NAMES = ("义乌市晨光箱包有限公司", "Shenzhen Brightway Electronics Co., Ltd", "ООО «Северный ветер»")
REASONS = [
    {"feature": "origin", "message": "Came by way of %(value)s.", "values": {"value": "paid_search"}, "points": 0.142},
    {"feature": "channel", "message": "Was acquired by %(value)s.", "values": {"value": "online"}, "points": 0.03},
    {"feature": "calls", "message": "Calls so far: %(value)s.", "values": {"value": 0}, "points": -0.021},
]


def rows(site: Site, count: int) -> list[dict[str, object]]:
    """`count` open leads, the first contacted last."""
    now = site.clock.now()
    return [
        {
            "side": "seller",
            "source": "test",
            "source_key": str(number),
            "name": NAMES[number] if number < len(NAMES) else f"Seller number {number}",
            "channel": "online" if number % 2 else "offline",
            "facts": {"origin": "paid_search", "landing_page": "88740e65d5d6b056e0cda098e1ea6313"},
            "stage": "contacted",
            "contacted_at": now - timedelta(days=number + 1),
            "created_at": now,
        }
        for number in range(count)
    ]


def add_leads(site: Site, count: int = 3, *, scored: bool = True) -> list[int]:
    """Open leads, the first scored best; gives their ids."""
    now = site.clock.now()
    with transaction(site.engine) as session:
        made = list(session.scalars(insert(Lead).returning(Lead.id, sort_by_parameter_order=True), rows(site, count)))
        if scored:
            model = ScoringModel(
                target="seller_won_90d",
                kind="logistic",
                state="champion",
                trained_at=now,
                rows=0,
                positives=0,
                measures={},
                card={},
                fingerprint=b"",
                artifact=b"",
            )
            session.add(model)
            session.flush()
            rank = {"side": "seller", "model_id": model.id, "as_of": now, "average": 0.11, "reasons": REASONS}
            chances = [0.43 * 0.97**number for number in range(count)]
            ranked = [
                rank | {"lead_id": lead, "probability": chance, "low": chance * 0.8, "high": chance * 1.2}
                for lead, chance in zip(made, chances, strict=True)
            ]
            session.execute(insert(LeadRank), ranked)
    return made


def key_on(page: str) -> str:
    found = re.search(r'name="submission" value="([\w-]+)"', page)
    assert found
    return found[1]


def log(client: httpx.Client, lead: int, **form: str) -> httpx.Response:
    return client.post(f"/leads/{lead}/log", data={"outcome": "reached", "submission": "one"} | form)


def number_of(site: Site, what: type) -> int:
    with transaction(site.engine) as session:
        return session.scalars(select(func.count()).select_from(what)).one()


def test_without_leads_the_command_is_told(client_as: ClientAs) -> None:
    assert "growth leads import" in client_as("rep").get("/leads").text


def test_the_queue_is_ranked_and_says_why(site: Site, client_as: ClientAs) -> None:
    add_leads(site)
    page = client_as("rep").get("/leads").text
    places = [page.index(name[:12]) for name in NAMES]
    assert places == sorted(places)
    assert "Came by way of paid search" in page
    assert "Was acquired by online methods." in page
    assert "+14.2 pt" in page
    assert "−2.1 pt" in page
    assert "43.0%" in page
    assert "Came by way of paid search · Was acquired by online methods" in page


def test_a_day_is_the_viewers_and_nothing_known_is_said_so(site: Site, client_as: ClientAs) -> None:
    (lead, *_) = add_leads(site, 1)
    nothing = {"feature": "channel", "message": "x %(value)s", "values": {"value": "direct"}, "points": -0.1}
    with transaction(site.engine) as session:
        session.get_one(Lead, lead).contacted_at = datetime(2026, 11, 1, 16, 30, tzinfo=UTC)
        session.get_one(LeadRank, lead).reasons = [nothing]
    for path in ("/leads", f"/leads/{lead}"):
        page = client_as("rep").get(path).text
        assert "Nov 2, 2026" in page  # half past midnight in Shanghai
        assert "By what channel it was acquired is not known" in page


def test_pages_of_the_queue_follow_each_other_without_gap_or_repeat(site: Site, client_as: ClientAs) -> None:
    add_leads(site, 75)
    with transaction(site.engine) as session:
        session.execute(insert(Lead), [one | {"source": "fresh"} for one in rows(site, 40)])
    rep, seen = client_as("rep"), list[int]()
    path: str | None = "/leads"
    while path:
        page = rep.get(path).text
        seen += [int(number) for number in re.findall(r'<a href="/leads/(\d+)[^"]*" data-row', page)]
        further = re.search(r'href="([^"]+)" rel="next"', page)
        path = further[1].replace("&amp;", "&") if further else None
    assert len(seen) == len(set(seen)) == 115


@pytest.mark.parametrize("after", ["r~x~1", "r~0.1~99999999999999999999", "u~2026-01-01~1", "q~1~1", "~~", "r~nan~1"])
def test_a_place_nobody_gave_is_told_or_empty(client_as: ClientAs, after: str) -> None:
    assert client_as("rep").get("/leads", params={"after": after}).status_code in {200, 422}


def test_search_and_filters(site: Site, client_as: ClientAs) -> None:
    add_leads(site)
    rep = client_as("rep")
    for query, hits in (
        ({"q": "bright"}, [1]),
        ({"q": "义乌"}, [0]),
        ({"q": "северн"}, [2]),
        ({"q": "shenzhen elec"}, [1]),
        ({"q": "'; drop & :*"}, []),
        ({"channel": "online"}, [1]),
        ({"origin": "email"}, []),
        ({"stage": "contacted", "q": "ltd"}, [1]),
    ):
        page = rep.get("/leads", params=query).text
        assert [number for number, name in enumerate(NAMES) if name[:12] in page] == hits, query


def test_a_call_is_logged_once_and_the_lead_is_the_reps(site: Site, client_as: ClientAs) -> None:
    (lead, *_) = add_leads(site)
    rep = client_as("rep")
    key = key_on(rep.get(f"/leads/{lead}").text)
    form = {"submission": key, "note": "Wants a price list\nin Chinese", "follow_up": "2026-11-26T10:30"}
    for _ in range(2):
        assert log(rep, lead, **form).status_code == 303
    assert number_of(site, Activity) == number_of(site, FollowUp) == number_of(site, Assignment) == 1
    page = rep.get(f"/leads/{lead}").text
    assert "Call: reached" in page
    assert "Wants a price list" in page
    assert 'datetime="2026-11-26T02:30:00+00:00"' in page  # the viewer is in Shanghai
    assert NAMES[0] not in re.findall(r'data-row>.*?class="strong clip">([^<]+)', rep.get("/leads").text, re.DOTALL)
    assert NAMES[0] in rep.get("/leads?view=follow-ups").text


def test_a_call_logged_by_mistake_is_taken_back(site: Site, client_as: ClientAs) -> None:
    (lead, *_) = add_leads(site)
    rep = client_as("rep")
    log(rep, lead, follow_up="2026-11-26T10:30")
    undo = re.search(r'action="(/leads/\d+/activities/\d+/undo)"', rep.get(f"/leads/{lead}").text)
    assert undo
    assert rep.post(undo[1]).status_code == 303
    assert number_of(site, Activity) == number_of(site, FollowUp) == number_of(site, Assignment) == 0
    assert rep.post(undo[1]).status_code == 404
    assert NAMES[0] in rep.get("/leads").text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"outcome": ""}, "outcome"),
        ({"follow_up": "2020-01-01T10:00"}, "follow_up"),
        ({"follow_up": "soon"}, "follow_up"),
        ({"note": "x" * 5_001}, "note"),
    ],
)
def test_a_call_that_is_not_right_keeps_what_was_typed(
    site: Site, client_as: ClientAs, wrong: dict[str, str], field: str
) -> None:
    (lead, *_) = add_leads(site, 1)
    answer = log(client_as("rep"), lead, **({"note": "kept <b>"} | wrong))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "note" in wrong or "kept &lt;b&gt;" in answer.text
    assert number_of(site, Activity) == 0


def test_a_colleagues_lead_is_not_shown_and_its_taking_is_told(site: Site, client_as: ClientAs) -> None:
    (lead, other, *_) = add_leads(site)
    with transaction(site.engine) as session:
        session.get_one(Lead, lead).owner_id = account_by_email(session, "manager@example.com").id
    rep = client_as("rep")
    assert rep.get(f"/leads/{lead}").status_code == 404
    assert NAMES[0] not in rep.get("/leads?view=all").text
    answer = log(rep, lead, note="She said yes")
    assert answer.status_code == 409
    assert "Manager Example has taken this lead" in answer.text
    assert "She said yes" in answer.text
    assert rep.post(f"/leads/{lead}/take").status_code == 409
    assert rep.post(f"/leads/{other}/take").status_code == 303
    assert NAMES[0] in client_as("manager").get("/leads?view=all").text


def test_a_manager_gives_a_lead_to_a_rep(site: Site, client_as: ClientAs) -> None:
    (lead, *_) = add_leads(site)
    with transaction(site.engine) as session:
        account = str(account_by_email(session, "rep@example.com").id)
    manager = client_as("manager")
    assert manager.post(f"/leads/{lead}/assign", data={"account": account}).status_code == 303
    assert "Works on it: Rep Example" in manager.get(f"/leads/{lead}").text
    assert manager.post(f"/leads/{lead}/assign", data={"account": "0"}).status_code == 422
    assert client_as("rep").post(f"/leads/{lead}/assign", data={"account": account}).status_code == 403


def test_a_lost_lead_needs_a_reason_is_closed_and_can_be_taken_back(site: Site, client_as: ClientAs) -> None:
    (lead, *_) = add_leads(site)
    rep = client_as("rep")
    form = {"stage": "lost", "seen": "contacted"}
    assert 'id="reason-error"' in rep.post(f"/leads/{lead}/stage", data=form).text
    assert rep.post(f"/leads/{lead}/stage", data=form | {"reason": "duplicate"}).status_code == 303
    assert "Known already" in rep.get(f"/leads/{lead}").text
    assert NAMES[0] not in rep.get("/leads?view=all").text
    assert rep.post(f"/leads/{lead}/stage/undo").status_code == 303
    assert NAMES[0] in rep.get("/leads?view=all").text
    assert number_of(site, StageChange) == 0


def test_who_moves_a_lead_that_moved_meanwhile_is_told(site: Site, client_as: ClientAs) -> None:
    (lead, *_) = add_leads(site)
    rep = client_as("rep")
    assert rep.post(f"/leads/{lead}/stage", data={"stage": "applied", "seen": "contacted"}).status_code == 303
    assert rep.post(f"/leads/{lead}/stage", data={"stage": "verified", "seen": "contacted"}).status_code == 409
    assert rep.post(f"/leads/{lead}/stage", data={"stage": "shop_open", "seen": "applied"}).status_code == 303
    with transaction(site.engine) as session:
        won = session.get_one(Lead, lead)
        assert won.won_at == won.closed_at == site.clock.now()
    back = rep.post(f"/leads/{lead}/stage", data={"stage": "applied", "seen": "shop_open"})
    assert back.status_code == 422


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "-1"])
def test_a_lead_there_is_not(client_as: ClientAs, number: str) -> None:
    rep = client_as("rep")
    assert rep.get(f"/leads/{number}").status_code in {404, 422}
    assert log(rep, int(number)).status_code in {404, 422}
    assert rep.post(f"/leads/{number}/take").status_code in {404, 422}


@pytest.mark.browser
def test_by_keyboard_from_the_queue_to_a_logged_call(site: Site, page_as: PageAs) -> None:
    add_leads(site, 5)
    page = page_as("rep")
    page.goto("/leads")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/*")
    assert page.locator("#lead-name").inner_text() == NAMES[1]
    page.keyboard.press("c")
    page.keyboard.press("4")
    assert page.get_by_label("Interested", exact=False).first.is_checked()
    page.get_by_role("button", name="Save call").click()
    page.get_by_text("The call is logged.").wait_for()
    page.keyboard.press("z")
    page.get_by_text("The call is not logged any more.").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("role", ["rep", "manager"])
def test_the_filled_pages_at_every_width_and_theme(site: Site, page_as: PageAs, role: str) -> None:
    leads = add_leads(site, 40)
    with transaction(site.engine) as session:
        session.get_one(Lead, leads[0]).name = "深圳市" + "很长的公司名称" * 20
    page = page_as(role)
    for path in ("/leads", f"/leads/{leads[0]}", f"/leads/{leads[1]}?view=all"):
        page.goto(path)
        for width, theme in ((390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            no_sideways_scroll(page)


@pytest.mark.browser
def test_on_a_phone_the_list_and_the_lead_are_two_pages(site: Site, page_as: PageAs) -> None:
    leads = add_leads(site, 3)
    page = page_as("rep", width=390, javascript=False)
    page.goto("/leads")
    assert not page.locator("#lead-name").is_visible()
    page.get_by_role("link", name=re.compile("Brightway")).click()
    assert page.url.endswith(f"/leads/{leads[1]}")
    assert page.locator("#lead-name").is_visible()
    assert not page.locator(".queue").is_visible()
    page.get_by_role("link", name="Queue").click()
    assert page.locator(".queue").is_visible()
