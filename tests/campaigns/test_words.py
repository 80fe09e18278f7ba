"""What is put into each message: every place gets a text, escaped where it stands, or the person is left out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import text
from sqlalchemy.orm import Session

from growth.campaigns.email import personal
from growth.campaigns.email.archive import pack, unpack
from growth.campaigns.email.catalogue import Compiled, compile_source, fill
from growth.campaigns.messages.facts import facts_of, referral_link
from growth.campaigns.messages.grids import readable
from growth.campaigns.messages.sources import Source
from growth.campaigns.messages.variables import VARIABLES
from growth.campaigns.messages.words import MOST_BYTES, lacking, missing, needed, own_words, words_for
from growth.keyring import keyring
from tests.campaigns.sending import add_people
from tests.conftest import NOON

TEXTS = [key for key, one in VARIABLES.items() if not one.items]


@dataclass(frozen=True)
class Makers:
    """Who sends."""

    sender_name: str = "Makers' market"
    sender_email: str = "hello@makers.example"
    postal_address: str = "12 Harbour Road\nHangzhou"


@dataclass(frozen=True)
class One:
    """Who gets it."""

    delivery_id: int
    person_id: int
    name: str | None = "Ana Souza"


def made(words: str, locale: str = "en") -> Compiled:
    section = f"<mj-section><mj-column><mj-text>{words}</mj-text></mj-column></mj-section>"
    body = f"<mjml><mj-body>{{{{ header() }}}}{section}{{{{ footer() }}}}</mj-body></mjml>"
    files = {"subject.txt": "Hi\nyou", "body.mjml": body, "body.txt": words + "\n{{ footer() }}"}
    return compile_source(Source("made", 1, files), locale)


EVERYTHING = made(
    " ".join(f'{{{{ {key} | fallback("none of {key}") }}}}' for key in TEXTS)
    + " {{ greeting }} {{ preferences }} {{ product_grid(basket.items, href=link(shop_url)) }}"
)

names = some.text(max_size=200) | some.none()
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=50),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(["en", "ru", "x"]), inner),
    max_leaves=4,
)
items = some.fixed_dictionaries(
    {"title": some.text(min_size=1, max_size=300) | anything},
    optional={
        "price_minor": some.integers() | anything,
        "currency": some.sampled_from(["USD", "CNY", "XXX", "usd", ""]) | anything,
        "image": some.sampled_from(["https://x.example/a.png", "javascript:alert(1)", "http://x", ""]) | anything,
        "url": some.sampled_from(
            ["https://x.example/" + "p" * 400, "https://x.example/p?a=1&b=2", "javascript:x", None]
        ),
        "quantity": some.integers() | anything,
    },
)


def everything(name: str | None, found: list[Any]) -> Compiled | None:
    """The message that says everything, as one person gets it."""
    facts: dict[str, Any] = {key: VARIABLES[key].sample for key in TEXTS}
    facts |= {
        "name": name,
        "first_name": name,
        "organisation": name,
        "basket.items": readable([{"title": "Bag"}, "none", None, *found]),
    }
    fixed = personal.in_words("en", name, "Makers", "Road") | personal.addresses_of("https://g.example", 1, 1)
    own = own_words(EVERYTHING, facts, fixed)
    return None if own is None else fill(EVERYTHING, fixed | own)


@given(names, some.lists(items, min_size=1, max_size=6))
def test_every_place_gets_a_text_and_nothing_gets_out_of_it(name: str | None, found: list[Any]) -> None:
    shown = everything(name, found)
    assert shown is not None
    assert not personal.tags_in(shown.html + shown.text + shown.subject)
    assert "javascript:" not in shown.html
    assert shown.html.count("<") == everything("x", found).html.count("<")  # type: ignore[union-attr]


@given(some.text(min_size=1, max_size=80))
def test_a_name_is_read_as_it_is_written(name: str) -> None:
    words = own_words(made("{{ name | fallback('x') }}"), {"name": name}, {})
    assert words is not None
    html = next(value for tag, value in words.items() if tag.startswith("[[v"))
    plain = next(value for tag, value in words.items() if tag.startswith("[[t"))
    assert unescape(html) == plain
    assert "<" not in html


def test_a_large_basket_stays_within_what_the_provider_takes(session: Session) -> None:
    long = "https://x.example/" + "p" * 280
    large = [{"title": "王" * 80, "price_minor": 100, "currency": "USD", "image": long, "url": long}] * 6
    person = add_people(session, 1, NOON)[0]
    event(session, person, "custom", NOON, {"name": "basket", "items": large})
    version = made("{{ product_grid(basket.items) }} {{ product_grid(basket.items, columns=3) }}")
    words = words_for(session, version, [One(7, person)], sender=Makers(), base_url="https://g.example", now=NOON).of(7)
    assert sum(len(tag) + len(value.encode()) for tag, value in words.items()) <= MOST_BYTES
    assert fill(version, words).text.count("王") >= 80


def event(session: Session, person: int, kind: str, at: datetime, properties: dict[str, Any]) -> None:
    session.execute(
        text("""
            insert into event (occurred_at, event_id, kind, source, side, person_id, properties)
            values (:at, :id, :kind, 'collector', 'buyer', :person, cast(:properties as jsonb))
        """),
        {"at": at, "id": uuid4(), "kind": kind, "person": person, "properties": orjson.dumps(properties).decode()},
    )


def test_what_is_known_is_read_for_many_at_once(session: Session) -> None:
    people = add_people(session, 3, NOON, country="BR", name="Ana Maria Souza")
    for day, number in ((3, "old"), (1, "new")):
        order = {"order": number, "amount_minor": 5030, "currency": "USD", "items": [{"title": "Bag"}]}
        event(session, people[0], "order", NOON - timedelta(days=day), order)
    event(session, people[0], "order", NOON + timedelta(days=1), {"order": "to come"})
    event(
        session, people[1], "custom", NOON - timedelta(hours=1), {"name": "basket", "items": "none", "total_minor": 5}
    )
    event(session, people[1], "custom", NOON, {"name": "other", "items": [{"title": "x"}]})
    session.execute(
        text("""
            with made as (
                insert into organisation (legal_name, names, province, created_at)
                values ('Yiwu Lantern', '{"zh": "义乌灯笼"}', 'Zhejiang', :now) returning id)
            insert into lead (side, source, source_key, organisation_id, person_id, name, channel, stage,
                contacted_at, created_at)
            select 'seller', 'test', 'k', id, :person, 'n', 'c', 'contacted', :now, :now from made
        """),
        {"person": people[2], "now": NOON},
    )
    found = facts_of(session, set(VARIABLES), people, NOON)
    assert found[people[0]]["last_order.number"] == "new"
    assert found[people[0]]["last_order.total"] == (5030, "USD")
    assert found[people[0]]["first_name"] == "Ana"
    assert found[people[1]]["basket.items"] is None
    assert "last_order.number" not in found[people[2]]
    assert found[people[2]]["organisation"] == {"en": "Yiwu Lantern", "zh_CN": "义乌灯笼"}
    assert found[people[2]]["province"] == "Zhejiang"
    assert found[people[2]]["referral_link"] == referral_link(people[2])

    version = made("{{ last_order.total | fallback('–') }}/{{ country }}/{{ organisation | fallback('–') }}", "zh_CN")
    everybody = [One(100 + number, person) for number, person in enumerate(people)]
    words = words_for(session, version, everybody, sender=Makers(), base_url="https://g.example", now=NOON)
    texts = [fill(version, words.of(100 + number)).text.splitlines()[0] for number in range(3)]
    assert texts == ["US$50.30/巴西/–", "–/巴西/–", "–/巴西/义乌灯笼"]


@pytest.mark.parametrize("words", ["{{ last_order.number }}", "{{ product_grid(basket.items) }}", "{{ organisation }}"])
def test_whoever_lacks_a_value_is_left_out_and_never_gets_a_gap(session: Session, words: str) -> None:
    people = add_people(session, 2, NOON)
    event(session, people[0], "order", NOON, {"order": "1"})
    event(session, people[0], "custom", NOON, {"name": "basket", "items": [{"title": "Bag"}]})
    version = made(words)
    assert len(needed(version)) == 1
    got = words_for(
        session, version, [One(1, people[0]), One(2, people[1])], sender=Makers(), base_url="https://g", now=NOON
    )
    assert 2 not in got.own
    assert people[1] in missing(session, version, people, NOON)
    assert set(got.own) == {1} - ({1} if people[0] in missing(session, version, people, NOON) else set())
    assert dict(lacking(session, version, people, NOON))[people[1]] == needed(version).pop()
    assert needed(made("{{ referral_link }} {{ organisation | fallback('you') }} {{ member_since }}")) == set()


def test_a_referral_link_is_signed_and_says_who_sent_them() -> None:
    signed = referral_link(42).partition("?ref=")[2]
    assert keyring().verify("referral", signed) == "42"


def test_what_was_put_in_is_kept_without_anybodys_links(session: Session) -> None:
    person = add_people(session, 1, NOON)[0]
    event(session, person, "custom", NOON, {"name": "basket", "items": [{"title": "Bag"}]})
    version = made("{{ name | fallback('x') }} {{ product_grid(basket.items, href=link(shop_url)) }}")
    words = words_for(session, version, [One(7, person)], sender=Makers(), base_url="https://g.example", now=NOON)
    assert words.of(7)["[[link0]]"].startswith("https://g.example/c/")
    assert words.of(7)["[[link0]]"] in fill(version, words.of(7)).html
    sealed = pack(words, sender=Makers())
    assert b"Souza" not in sealed
    sender, kept = unpack(sealed)
    assert sender["name"] == "Makers' market"
    assert not [tag for tag in kept[7] if "link" in tag or "unsubscribe" in tag or "open" in tag]
    assert "https://g.example" not in "".join(kept[7].values())
    assert "Ana Souza" in kept[7].values()
