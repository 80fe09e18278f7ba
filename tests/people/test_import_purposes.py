"""A file's permission is for a purpose, and may have a list; no spelling brings a suppressed address back."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import ConflictError, InvalidError
from growth.people.consent import may_write
from growth.people.identity import EMAIL, email_hash, find_person
from growth.people.importing.cells import purpose_of
from growth.people.importing.permissions import read_permission
from growth.people.importing.suppressing import suppress_address, suppress_file
from growth.people.permission.lists import Topic, archive, create, leave
from growth.people.permission.records import ListMember, MailingList
from growth.people.records import ConsentFact
from growth.people.suppression import suppress
from tests.people.bringing import ASKED, Importer

SELLERS = replace(ASKED, purpose="seller_news")


def allowed(engine: Engine, email: str) -> set[str]:
    with transaction(engine) as session:
        person = find_person(session, EMAIL, email)
        assert person is not None
        return {one for one in ("marketing", "seller_news", "research") if may_write(session, person, one, EMAIL)}


def made_list(engine: Engine, clock: FixedClock) -> MailingList:
    with transaction(engine) as session:
        topic = Topic(names={"en": "Letter to sellers"}, descriptions={}, public=True)
        return create(session, "letters", "seller", topic, actor="ana", now=clock.now(), purpose="seller_news")


def on_list(engine: Engine) -> set[str]:
    with transaction(engine) as session:
        rows = session.execute(select(ListMember.person_id, ListMember.state, ListMember.source)).all()
        return {f"{state}, {source}" for _, state, source in rows}


def test_a_file_is_for_the_purpose_that_is_said(bring: Importer, engine: Engine) -> None:
    file = "email\nann@example.com\n"
    assert bring(file, permission=SELLERS).permitted == 1
    assert allowed(engine, "ann@example.com") == {"seller_news"}
    assert bring(file, permission=SELLERS).changed == 0
    assert bring(file, permission=ASKED).changed == 1
    assert allowed(engine, "ann@example.com") == {"seller_news", "marketing"}


def test_a_row_says_its_own_purpose_and_one_person_may_have_several(bring: Importer, engine: Engine) -> None:
    file = "email,purpose,consent\nann@example.com,Surveys and research,yes\nann@example.com,seller-news,yes\n"
    file += "ann@example.com,,yes\nann@example.com,research,no\nbob@example.com,nonsense,yes\n"
    counts = bring(file, permission=ASKED)
    assert (counts.rejected, counts.facts) == (1, 4)
    assert allowed(engine, "ann@example.com") == {"seller_news", "marketing"}
    (wrong,) = bring.rejected
    assert "there are marketing, product_updates, seller_news, partner_offers, research" in str(wrong)


@pytest.mark.parametrize(
    "word", ["seller_news", "Seller news", "НОВОСТИ ДЛЯ ПРОДАВЦОВ", "News for sellers", " seller-news "]
)
def test_purposes_are_known_by_key_and_by_what_pages_call_them(word: str) -> None:
    assert purpose_of(word) == "seller_news"


def test_a_list_is_joined_by_those_who_are_allowed_its_purpose(
    bring: Importer, engine: Engine, clock: FixedClock
) -> None:
    to = made_list(engine, clock)
    said = {"basis": "consent", "source": "fair", "wording": "Yes", "at": "2026-10-01"}
    asked = read_permission(**said, to=to, zone="UTC", now=clock.now())
    assert (asked.purpose, asked.list_id) == ("seller_news", to.id)
    file = "email,consent\nann@example.com,yes\nbob@example.com,no\ncat@example.com,\nann@example.com,yes\n"
    assert bring(file, permission=asked, dry_run=True).new == 3
    assert on_list(engine) == set()
    bring(file, permission=asked)
    assert on_list(engine) == {"subscribed, import people.csv"}
    with transaction(engine) as session:
        person = find_person(session, EMAIL, "ann@example.com")
        assert person is not None
        assert [one.person_id for one in session.scalars(select(ListMember))] == [person]
        leave(session, to.id, person, source="preferences", now=clock.now())
    assert bring(file, permission=asked).changed == 0
    assert on_list(engine) == {"left, preferences"}


def test_who_is_known_already_joins_too_and_that_is_a_change(
    bring: Importer, engine: Engine, clock: FixedClock
) -> None:
    to = made_list(engine, clock)
    bring("email\nann@example.com\n", permission=SELLERS)
    assert bring("email\nann@example.com\n", permission=replace(SELLERS, list_id=to.id)).changed == 1
    assert on_list(engine) == {"subscribed, import people.csv"}


def test_a_list_has_one_purpose_and_takes_nobody_in_the_archive(engine: Engine, clock: FixedClock) -> None:
    to = made_list(engine, clock)
    with pytest.raises(InvalidError):
        read_permission(purpose="marketing", to=to, zone="UTC", now=clock.now())
    with transaction(engine) as session:
        archive(session, to, actor="ana", now=clock.now())
    with pytest.raises(ConflictError):
        read_permission(to=to, zone="UTC", now=clock.now())


def test_who_unsubscribed_from_a_purpose_is_barred_from_that_alone(
    bring: Importer, engine: Engine, clock: FixedClock
) -> None:
    with transaction(engine) as session:
        digest = email_hash("ann@example.com")
        suppress(session, EMAIL, digest, "seller_news", reason="unsubscribe", source="x", now=clock.now())
    assert bring("email\nann@example.com\n", permission=SELLERS).permitted == 0
    assert bring("email\nann@example.com\n", permission=ASKED).permitted == 1
    assert allowed(engine, "ann@example.com") == {"marketing"}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_list_of_the_suppressed_reads_what_chinese_keyboards_type(
    bring: Importer, engine: Engine, clock: FixedClock, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "名单.csv"
    path.write_bytes("邮箱,姓名\nｌｉ．ｗｅｉ＠ｑｑ．ｃｏｍ,李伟\n".encode(encoding))
    with transaction(engine) as session:
        assert suppress_file(session, path, source="old system", actor="ana", now=clock.now()).new == 1
    assert bring("email\nli.wei@qq.com\n", permission=ASKED).permitted == 0


SPELLINGS = {
    "anna.bell@gmail.com": [
        "ANNA.BELL@GMAIL.COM",
        " anna.bell@gmail.com ",
        "\u00a0anna.bell@gmail.com\u200b",
        "annabell@gmail.com",
        "a.n.n.a.b.e.l.l@googlemail.com",
        "anna.bell+shop@gmail.com",
        "ａｎｎａ．ｂｅｌｌ＠ｇｍａｉｌ．ｃｏｍ",
        "mailto:anna.bell@gmail.com",
        "Anna Bell <anna.bell@gmail.com>",
        "ａｎｎａ．ｂｅｌｌ@gmail.com",
        "anna.bell@gmail。com",
        "𝐚𝐧𝐧𝐚.bell@gmail.com",
        "аnnа.bell@gmail.com",
        "anna.bell@gmail.com.",
        "'anna.bell@gmail.com",
    ],
    "ivan@почта.рф": ["IVAN@ПОЧТА.РФ", "ivan@xn--80a1acny.xn--p1ai", "ivan@XN--80A1ACNY.xn--p1ai"],
    "li@bücher.example": ["li@xn--bcher-kva.example", "li@bu\u0308cher.example", "LI@BÜCHER.EXAMPLE"],
    "ana@yandex.ru": ["ana@ya.ru", "ana@yandex.com"],
}


@pytest.mark.parametrize("address", SPELLINGS)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_no_spelling_brings_a_suppressed_address_back(
    bring: Importer, engine: Engine, clock: FixedClock, *, address: str, encoding: str
) -> None:
    with transaction(engine) as session:
        suppress_address(session, address, source="asked", actor="ana", now=clock.now())
    rows = "".join(f'"{one}",李伟\n' for one in (address, *SPELLINGS[address]))
    counts = bring(f"email,姓名\n{rows}".encode(encoding), permission=ASKED)
    assert counts.permitted == 0
    assert counts.rejected + counts.suppressed + counts.repeated >= len(SPELLINGS[address])
    with transaction(engine) as session:
        assert session.scalars(select(ConsentFact.id)).all() == []
