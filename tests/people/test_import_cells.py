"""Cells: yes and no, moments, countries, languages and zones, as people write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth.errors import InvalidError
from growth.people.importing import cells
from growth.people.importing.permissions import FilePermission, decide
from growth.people.importing.rejected import safe_cell


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00+00:00"),
        ("2026-11-24T10:00:00+03:00", "2026-11-24T07:00:00+00:00"),
        ("2026-11-24 10:00", "2026-11-24T07:00:00+00:00"),
        ("24.11.2026", "2026-11-23T21:00:00+00:00"),
        ("24.11.2026 10:00:05", "2026-11-24T07:00:05+00:00"),
        ("2026/11/24", "2026-11-23T21:00:00+00:00"),
        ("2026年11月24日", "2026-11-23T21:00:00+00:00"),
        ("", None),
    ],
)
def test_moments_without_an_offset_are_meant_in_the_zone(text: str, moment: str | None) -> None:
    assert cells.moment_of(text, "Europe/Moscow") == (datetime.fromisoformat(moment) if moment else None)


@pytest.mark.parametrize(
    "text", ["03/04/2026", "31.02.2026", "yesterday", "0000-00-00", "9" * 400, "0001-01-01", "45000"]
)
def test_moments_that_need_guessing_are_refused(text: str) -> None:
    with pytest.raises(InvalidError) as raised:
        assert cells.moment_of(text, "Asia/Shanghai") is None
    assert raised.value.field == "at"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ru", "RU"),
        ("RUS", "RU"),
        ("Россия", "RU"),
        ("Brasil", "BR"),
        ("巴西", "BR"),
        ("USA", "US"),
        ("UK", "GB"),
        ("", None),
    ],
)
def test_countries(text: str, code: str | None) -> None:
    assert cells.country_of(text) == code


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("pt-BR", "pt_BR"),
        ("pt", "pt_BR"),
        ("Русский", "ru"),
        ("中文", "zh_CN"),
        ("English", "en"),
        ("de-AT", "de_AT"),
        ("", None),
    ],
)
def test_languages(text: str, locale: str | None) -> None:
    assert cells.locale_of(text) == locale


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (cells.country_of, "Narnia"),
        (cells.locale_of, "xx-klingon!"),
        (cells.time_zone_of, "Mars/Olympus"),
        (cells.says_yes, "maybe"),
        (cells.basis_of, "because"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(reader: object, text: str) -> None:
    assert callable(reader)
    with pytest.raises(InvalidError) as raised:
        reader(text)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("text", "said"), [("Да", True), ("não", False), ("是", True), ("0", False), ("-", False), ("", None)]
)
def test_yes_and_no(text: str, said: bool | None) -> None:
    assert cells.says_yes(text) is said


parts = st.builds(
    FilePermission,
    basis=st.sampled_from([None, "consent", "contract"]),
    source=st.sampled_from([None, "form"]),
    wording=st.sampled_from([None, "Write to me"]),
    at=st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)]),
)


@given(st.sampled_from([True, False, None]), parts, parts, st.booleans())
def test_a_permission_is_whole_or_there_is_none(
    said: bool | None, row: FilePermission, file: FilePermission, asked: bool
) -> None:
    decided = decide(said, row, file, asked=asked, country="BR")
    if decided.granted:
        assert said is not False
        assert said or not asked
        assert all((decided.basis, decided.source, decided.wording, decided.at))
    if decided.incomplete:
        assert decided.granted is None


@given(st.text())
def test_no_cell_of_the_rejected_file_is_a_formula(text: str) -> None:
    safe = safe_cell(text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not safe.startswith(("\t", "\r"))
    assert "\0" not in safe
    safe.encode()
