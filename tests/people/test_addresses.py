"""Addresses: however they are written, one form; and the form is its own form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
    is_valid_number,
    parse,
)
from phonenumbers.phonenumberutil import SUPPORTED_REGIONS

from growth.errors import InvalidError
from growth.people.email_addresses import normal_email
from growth.people.identity import email_hash, normalise_email, normalise_phone
from growth.people.phone_numbers import _stays, _usual, e164

LETTERS = "abcXYZ019.-_+'!ÄéñИванпочта例子ıİßſ 　@。\u200b\ufeff\u0301"


@given(st.one_of(st.emails(), st.text(LETTERS, max_size=30).map(lambda text: f"{text}@почта.рф"), st.text(max_size=40)))
def test_a_normal_email_is_its_own_normal_form(text: str) -> None:
    try:
        normal = normal_email(text)
    except InvalidError:
        return
    assert normal_email(normal) == normal
    assert len(normal.encode()) <= 254


@given(st.emails())
def test_case_and_space_around_an_email_make_no_difference(address: str) -> None:
    try:
        normal = normalise_email(address)
    except InvalidError:
        return
    assert normalise_email(f"  {address.upper()}\n") == normal
    assert email_hash(address) == email_hash(f"\ufeff{address}")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("иван@Почта.РФ", "иван@xn--80a1acny.xn--p1ai"),
        ("cafe\u0301@example.com", "café@example.com"),
        ("o'neil+x@example.co.uk", "o'neil+x@example.co.uk"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ("a" * 65 + "@example.com", None),
        ("a@" + "b" * 63 + ".com", "a@" + "b" * 63 + ".com"),
        ("a@" + "b" * 64 + ".com", None),
        ("a@" + ".".join(["b" * 63] * 4) + ".com", None),
        ("ann@example", None),
        ("ann@1.2.3.4", None),
        ("ann@example.com.", None),
        ("ann@-example.com", None),
        ("ann..lee@example.com", None),
        ("ann lee@example.com", None),
        ("ann@lee@example.com", None),
        ("ann,lee@example.com", None),
        ("аnn@mail.ru", None),
        ("ann\x00@example.com", None),
        ("", None),
        ("@example.com", None),
        ("=cmd()@", None),
    ],
)
def test_emails(text: str, normal: str | None) -> None:
    if normal is None:
        with pytest.raises(InvalidError) as raised:
            normalise_email(text)
        assert raised.value.field == "email"
        assert raised.value.remedy
    else:
        assert normalise_email(text) == normal


def numbers() -> st.SearchStrategy[str]:
    """Digits behind every calling code there is."""
    codes = sorted({str(parse(_example(region)).country_code) for region in SUPPORTED_REGIONS if _example(region)})
    return st.builds(
        lambda code, rest: f"+{code}{rest}", st.sampled_from(codes), st.from_regex(r"[0-9]{4,12}", fullmatch=True)
    )


def _example(region: str) -> str:
    number = example_number_for_type(region, 1)
    return str(format_number(number, PhoneNumberFormat.E164)) if number else ""


@given(numbers())
def test_a_normal_phone_is_its_own_normal_form(text: str) -> None:
    normal = e164(text, None)
    if normal is not None:
        assert e164(normal, None) == normal


@given(numbers())
def test_a_clean_valid_number_is_read_as_the_library_reads_it(text: str) -> None:
    number = parse(text)
    if is_valid_number(number) and parse(str(format_number(number, PhoneNumberFormat.E164))) == number:
        assert e164(text, None) == format_number(number, PhoneNumberFormat.E164)


def test_a_mobile_of_every_country_is_accepted_in_every_dress() -> None:
    for region in sorted(SUPPORTED_REGIONS):
        number = example_number_for_type(region, 1)
        if number is None:
            continue
        clean = format_number(number, PhoneNumberFormat.E164)
        assert normalise_phone(format_number(number, PhoneNumberFormat.INTERNATIONAL), None) == clean
        assert normalise_phone(format_number(number, PhoneNumberFormat.NATIONAL), region) == clean


@pytest.mark.parametrize(
    ("text", "country", "normal"),
    [
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("+7 916 123-45-67", None, "+79161234567"),
        ("８６ 13800138000", "CN", "+8613800138000"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("(11) 96123-4567", "BR", "+5511961234567"),
        ("0041 44 668 18 00", "DE", "+41446681800"),
        ("916 123-45-67", None, None),
        ("+7 916", None, None),
        ("+999 123456789", None, None),
        ("12345", "RU", None),
        ("call me", "US", None),
        ("+" + "1" * 200, None, None),
    ],
)
def test_phones(text: str, country: str | None, normal: str | None) -> None:
    if normal is None:
        with pytest.raises(InvalidError) as raised:
            normalise_phone(text, country)
        assert raised.value.field == "phone"
    else:
        assert normalise_phone(text, country) == normal


@given(
    st.sampled_from(sorted(SUPPORTED_REGIONS)),
    st.text("0123456789 -().", min_size=3, max_size=16),
    st.sampled_from(["", "+", "0", "00", "8", "810"]),
)
def test_a_number_read_without_the_parser_is_what_the_parser_makes_of_it(
    country: str, digits: str, beginning: str
) -> None:
    """What is written as nearly everybody writes it is read ten times as fast, and must mean the same."""
    example = example_number_for_type(country, PhoneNumberType.MOBILE)
    own = format_number(example, PhoneNumberFormat.NATIONAL) if example else ""
    for text in (beginning + digits, own[: len(own) // 2] + digits, own):
        usual = _usual(text.strip(), country)
        if usual is not None and _stays(usual):
            assert format_number(parse(text.strip(), country), PhoneNumberFormat.E164) == usual
