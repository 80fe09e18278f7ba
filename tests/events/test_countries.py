"""Where it happened: told by the page, by the proxy in front, or guessed by the browser's time zone."""

from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from growth.attribution.records import Conversion, Touch
from growth.database.engine import transaction
from growth.events.collecting import Batch, Browser, collect
from growth.events.countries import country_of_header, country_of_zone, guessed
from growth.events.records import Event
from growth.people.identity import Known, ensure_person
from tests.attribution.happened import PAID, credit_all, found
from tests.conftest import NOON

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("zone", "country"),
    [("America/Sao_Paulo", "BR"), ("Asia/Calcutta", "IN"), ("Europe/Kiev", "UA"), ("Europe/Kyiv", "UA"),
     ("Asia/Shanghai", "CN"), ("Europe/Moscow", "RU"), ("UTC", None), ("Etc/GMT+3", None), ("Atlantic/Reykjavik", None),
     ("Mars/Olympus", None), ("x" * 10_000, None), ("", None), (None, None), (7, None), (["Asia/Tokyo"], None)],
)  # fmt: skip
def test_a_time_zone_names_a_country_or_none(zone: object, country: str | None) -> None:
    assert country_of_zone(zone) == country


def test_no_zone_of_the_world_names_something_that_is_no_country() -> None:
    told = {country_of_zone(zone) for zone in available_timezones()} - {None}
    assert len(told) > 200
    assert all(guessed({"country_guess": one}) == one for one in told)


@pytest.mark.parametrize(
    ("header", "country"),
    [
        ("BR", "BR"),
        (" br ", "BR"),
        ("XX", None),
        ("T1", None),
        ("", None),
        (None, None),
        ("Brazil", None),
        ("ББ", None),
    ],
)
def test_a_header_names_a_country_or_none(header: str | None, country: str | None) -> None:
    assert country_of_header(header) == country


def told(session: Session, *, country: str | None = None, zone: object = None, **more: Any) -> Event:
    one = {"id": str(uuid4()), "kind": "page_view", "at": NOON.isoformat()} | more
    browser = Browser(agent=FIREFOX, network="192.0.2.7", address="192.0.2.7", country=country)
    collect(session, Batch([one], zone=zone), NOON, trusted=False, browser=browser)
    return session.scalars(select(Event).where(Event.properties["n"].astext == str(one["properties"]["n"]))).one()


def test_what_is_known_and_what_is_guessed_stay_apart(session: Session) -> None:
    page = told(session, country="RU", zone="America/Sao_Paulo", properties={"n": 1}, id="a")
    assert (page.country, guessed(page.properties)) == ("RU", None)
    guess = told(session, zone="America/Sao_Paulo", properties={"n": 2})
    assert (guess.country, guess.properties) == (None, {"n": 2, "country_guess": "BR"})
    nowhere = told(session, zone="UTC", properties={"n": 3})
    assert (nowhere.country, nowhere.properties) == (None, {"n": 3})


def test_what_the_page_says_comes_first_and_a_shop_s_server_is_no_visitor(session: Session) -> None:
    browser = Browser(agent=FIREFOX, network="n", address="192.0.2.7", country="RU")
    one = {"id": "a", "kind": "page_view", "at": NOON.isoformat(), "country": "us"}
    collect(session, Batch([one], zone="Asia/Tokyo"), NOON, trusted=False, browser=browser)
    collect(session, Batch([one | {"id": "b", "country": None}], zone="Asia/Tokyo"), NOON, trusted=True)
    kept = {(event.country, guessed(event.properties)) for event in session.scalars(select(Event))}
    assert kept == {("US", None), (None, None)}


def test_a_guess_counts_where_nothing_is_known_whoever_it_turns_out_to_be(engine: Engine) -> None:
    found(engine, NOON)
    visitor = str(uuid4())
    with transaction(engine) as session:
        ensure_person(session, Known(email="a@example.com", country="US"), NOON)
        told(session, zone="America/Sao_Paulo", visitor=visitor, properties=PAID | {"n": 1})
    credit_all(engine, NOON)
    registered = {
        "id": "r",
        "kind": "registration",
        "at": NOON.isoformat(),
        "visitor": visitor,
        "email": "a@example.com",
    }
    with transaction(engine) as session:
        told(session, zone="America/Sao_Paulo", visitor=visitor, properties=PAID | {"n": 2})
        collect(session, [registered], NOON, trusted=True)
    credit_all(engine, NOON)
    with transaction(engine) as session:
        assert session.scalars(select(Touch.country)).all() == ["BR", "BR"]
        assert session.scalars(select(Conversion.country)).all() == ["US"]
