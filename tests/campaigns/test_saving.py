"""Messages saved here: versions that stay, one after the other however many save at once."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from growth.campaigns.email.catalogue import compile_message, ensure_version, locales_of
from growth.campaigns.messages.comparing import differences
from growth.campaigns.messages.listing import messages, versions
from growth.campaigns.messages.refusals import MessageError
from growth.campaigns.messages.saving import ChangedError, check, duplicate, put_away, restore, save
from growth.campaigns.messages.sources import Source, message_names, shipped, source_of
from growth.database.engine import transaction
from growth.errors import InvalidError, NotFoundError
from tests.conftest import NOON

NAME = "welcome_buyer"
BODY = "<mjml><mj-body>{{ header() }}{{ section(text(_('Buy'))) }}{{ footer() }}</mj-body></mjml>"


def files(subject: str = "Hello\nthere", **more: str) -> dict[str, str]:
    return {"subject.txt": subject, "body.mjml": BODY, "body.txt": "{{ _('Buy') }}\n{{ footer() }}"} | more


def keep(session: Session, version: int, subject: str = "Hello\nthere", **more: str) -> int:
    texts = {"ru": {"Buy": "Купить"}, "zh_CN": {"Buy": "购买", "unused": " "}}
    return save(session, NAME, files(subject, **more), texts, version=version, actor="me", now=NOON)


def test_versions_follow_each_other_and_the_shipped_one_stays(session: Session) -> None:
    before = compile_message(session, NAME, "en").fingerprint
    assert keep(session, 0) == 1
    assert keep(session, 1) == 1  # nothing was changed
    assert keep(session, 1, "Another\none") == 2
    assert compile_message(session, NAME, "en").subject == "Another"
    assert compile_message(session, NAME, "en", version=1).subject == "Hello"
    assert compile_message(session, NAME, "en", version=0).fingerprint == before
    assert restore(session, NAME, 0, version=2, actor="me", now=NOON) == 3
    assert compile_message(session, NAME, "en").fingerprint == before
    assert [one.version for one in versions(session, NAME, before=None, size=9)] == [3, 2, 1]
    with pytest.raises(NotFoundError):
        source_of(session, NAME, 9)


def test_the_same_words_are_one_stored_version_whatever_they_are_called(session: Session) -> None:
    first = ensure_version(session, NAME, "en", NOON).id
    keep(session, 0)
    second = ensure_version(session, NAME, "en", NOON).id
    assert second != first
    assert ensure_version(session, NAME, "en", NOON, version=0).id == first
    restore(session, NAME, 0, version=1, actor="me", now=NOON)
    assert ensure_version(session, NAME, "en", NOON).id == first


def test_a_language_without_a_text_is_not_offered(session: Session) -> None:
    keep(session, 0)
    assert locales_of(session, NAME) == ["en", "ru", "zh_CN"]
    assert "Купить" in compile_message(session, NAME, "ru").text
    assert "购买" in compile_message(session, NAME, "zh_CN").html
    assert check(source_of(session, NAME)).lacking == {"pt_BR": ["Buy"]}
    with pytest.raises(NotFoundError):
        compile_message(session, NAME, "pt_BR")


def test_a_stale_save_is_refused_with_what_is_newer(session: Session) -> None:
    keep(session, 0)
    with pytest.raises(ChangedError) as late:
        keep(session, 0, "Late\nx")
    assert late.value.newest.version == 1
    rows = differences(late.value.newest, Source(NAME, 1, files("Late\nthere"), late.value.newest.texts))
    signs = [line.sign for line in rows[0].groups[0]]
    assert (rows[0].file, signs) == ("subject.txt", ["−", "+", ""])


def test_of_those_who_save_at_once_one_gets_through(engine: Engine) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def race(number: int) -> None:
        start.wait()
        try:
            with transaction(engine) as session:
                keep(session, 0, f"Number {number}\nx")
            outcomes.append("saved")
        except ChangedError:
            outcomes.append("late")

    racers = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(outcomes) == ["late", "late", "late", "saved"]
    with transaction(engine) as session:
        assert source_of(session, NAME).version == 1


def test_nothing_wrong_is_saved(session: Session) -> None:
    for wrong in ({"body.txt": "{{ nobody }}"}, {"body.txt": ""}, {"body.html": "<p>x</p>"}, {"sample.json": "["}):
        with pytest.raises(MessageError):
            keep(session, 0, **wrong)
    with pytest.raises(InvalidError):
        keep(session, 0, **{"body.exe": "x"})
    assert source_of(session, NAME).version == 0


def test_a_copy_is_a_message_of_its_own(session: Session) -> None:
    assert duplicate(session, NAME, "Spring sale", actor="me", now=NOON) == "spring_sale"
    assert "spring_sale" in message_names(session)
    assert replace(source_of(session, "spring_sale"), name=NAME, version=0).files.keys() == shipped(NAME).files.keys()
    put_away(session, "spring_sale", actor="me", now=NOON)
    assert "spring_sale" not in message_names(session)
    assert compile_message(session, "spring_sale", "en").subject  # campaigns that have it go on
    (listed,) = messages(session, archived=True, after=None, size=5)
    assert (listed.name, listed.version, listed.campaigns) == ("spring_sale", 1, 0)
    with pytest.raises(InvalidError):
        duplicate(session, NAME, "spring_sale", actor="me", now=NOON)


def test_a_shipped_message_is_put_away_and_saved_again(session: Session) -> None:
    put_away(session, NAME, actor="me", now=NOON)
    assert NAME not in message_names(session)
    assert source_of(session, NAME).version == 0
    assert keep(session, 0) == 1
    assert NAME in message_names(session)
