"""Files as they come: any encoding, any separator, and every oddity with a clear outcome."""

import pytest
from sqlalchemy import Engine, text

from growth.database.engine import transaction
from growth.errors import InvalidError
from growth.people.identity import EMAIL, find_person
from growth.people.importing.columns import guess_columns
from growth.people.importing.files import guess_format, read_rows
from growth.people.reading import names_of
from tests.people.bringing import Importer

RUSSIAN = "Почта;Имя;Страна\nivan@example.ru;Иван;Россия\nolga@example.ru;Ольга;Беларусь\n"
CHINESE = "邮箱,姓名,国家\nwang@example.cn,王伟,中国\nli@example.cn,李娜,中国\n"
PORTUGUESE = "E-mail\tNome\tPaís\nana@example.br\tConceição\tBrasil\n"


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (RUSSIAN, "utf-8", ";"),
        (RUSSIAN, "utf-8-sig", ";"),
        (RUSSIAN, "cp1251", ";"),
        (RUSSIAN, "utf-16", ";"),
        (RUSSIAN, "utf-16-le", ";"),
        (CHINESE, "utf-8", ","),
        (CHINESE, "utf-8-sig", ","),
        (CHINESE, "gb18030", ","),
        (CHINESE, "utf-16-be", ","),
        (PORTUGUESE, "utf-8", "\t"),
        (PORTUGUESE, "cp1252", "\t"),
    ],
)
def test_encoding_separator_and_columns_are_found(
    bring: Importer, engine: Engine, content: str, encoding: str, delimiter: str
) -> None:
    raw = content.encode(encoding)
    counts = bring(raw)
    form = guess_format(bring.folder / "people.csv")
    assert (form.encoding, form.delimiter) == (encoding, delimiter)
    assert set(form.columns) == {"email", "name", "country"}
    assert counts.new == counts.rows == content.count("\n") - 1
    with transaction(engine) as session:
        people = list(session.scalars(text("select id from person order by id")))
        names = list(names_of(session, people).values())
    assert names == [line.split(delimiter)[1] for line in content.splitlines()[1:]]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Ян", "cp1251"),
        ("ОЛЬГА", "cp1251"),
        ("Щукин", "cp1251"),
        ("王芳", "gb18030"),
        ("李", "gb18030"),
        ("𠮷野", "gb18030"),
        ("João", "cp1252"),
        ("Inês", "cp1252"),
    ],
)
def test_a_single_short_name_is_enough(bring: Importer, name: str, encoding: str) -> None:
    header = {"cp1251": "почта,имя", "gb18030": "邮箱,姓名", "cp1252": "e-mail,nome"}[encoding]
    bring(f"{header}\na@example.com,{name}\n".encode(encoding))
    assert guess_format(bring.folder / "people.csv").encoding == encoding


def test_damaged_letters_in_one_row_are_that_rows_trouble(bring: Importer) -> None:
    good = "".join(f"p{n}@example.com,Анна Каренина\n" for n in range(20))
    raw = f"email,name\n{good}".encode() + "x@example.com,Анна\n".encode()[:-2] + b"\n"
    counts = bring(raw)
    assert (counts.new, counts.rejected) == (20, 1)
    assert bring.rejected[0]["Field"] == "Name"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(bring: Importer, ending: str) -> None:
    assert bring(ending.join(["email,name", "ann@example.com,Ann", "bob@example.com,Bob"])).new == 2


@pytest.mark.parametrize(
    "content", ["", "\n\n\n", "\ufeff", "ann@example.com,Ann\nbob@example.com,Bob\n", "name,country\nAnn,BR\n"]
)
def test_files_that_cannot_be_read_say_why(bring: Importer, engine: Engine, content: str) -> None:
    with pytest.raises(InvalidError) as raised:
        bring(content)
    assert raised.value.remedy
    with transaction(engine) as session:
        assert session.scalar(text("select count(*) from person")) == 0


def test_a_header_alone_is_nobody(bring: Importer) -> None:
    assert bring("email,name\n").rows == 0


def test_a_quote_never_closed_stops_the_file_and_names_the_row(bring: Importer, engine: Engine) -> None:
    with pytest.raises(InvalidError, match="row 3"):
        bring('email,name\nann@example.com,Ann\nbob@example.com,"Bob\ncem@example.com,Cem\n')
    with transaction(engine) as session:
        assert find_person(session, EMAIL, "ann@example.com") is None


def test_quoted_newlines_separators_and_quotes(bring: Importer, engine: Engine) -> None:
    counts = bring('email,name\n"ann@example.com","Ann\n""the"" Lee, jr."\nbob@example.com,Bob\n')
    assert (counts.new, counts.rejected) == (2, 0)
    with transaction(engine) as session:
        assert 'Ann "the" Lee, jr.' in names_of(session, list(session.scalars(text("select id from person")))).values()


def test_wider_rows_are_handed_back_narrower_and_blank_ones_are_read(bring: Importer) -> None:
    counts = bring("email,name,country\nann@example.com\n\n,,\nbob@example.com,Lee, Bob,BR\ncem@example.com,Cem,BR,,\n")
    assert (counts.rows, counts.new, counts.rejected) == (3, 2, 1)
    assert bring.rejected[0]["Row"] == "5"


def test_nul_bytes_are_that_rows_trouble(bring: Importer) -> None:
    counts = bring(b"email,name,country\nann@example.com,An\0n,BR\nbo\0b@example.com,Bob,BR\ncem@example.com,Cem,BR\n")
    assert (counts.new, counts.rejected) == (1, 2)


def test_a_cell_of_ten_megabytes_is_that_rows_trouble(bring: Importer) -> None:
    counts = bring(f"email,name\nann@example.com,{'x' * 10_000_000}\nbob@example.com,Bob\n")
    assert (counts.new, counts.rejected) == (1, 1)
    assert len(bring.rejected[0]["name"]) < 40_000


def test_a_cell_larger_than_any_cell_stops_the_file(bring: Importer) -> None:
    with pytest.raises(InvalidError, match="16 million"):
        bring(f"email,name\nann@example.com,{'x' * 17_000_000}\n")


def test_of_two_columns_for_one_field_the_first_is_taken_unless_chosen(bring: Importer, engine: Engine) -> None:
    file = "email,name,email\nann@example.com,Ann,ann@example.org\n"
    bring(file)
    assert bring(file, columns={"email": "email (2)"}).new == 1
    with transaction(engine) as session:
        assert find_person(session, EMAIL, "ann@example.com") != find_person(session, EMAIL, "ann@example.org")


def test_every_script_goes_in_and_comes_out(bring: Importer, engine: Engine) -> None:
    names = ["שָׁלוֹם", "محمد \u202eabc", "😀 Ann 👨‍👩‍👧", "=cmd|' /C calc'!A0", "诸葛亮", "O'Neil <b>&amp;"]
    counts = bring("email\tname\n" + "".join(f"p{n}@example.com\t{name}\n" for n, name in enumerate(names)))
    assert counts.new == len(names)
    with transaction(engine) as session:
        stored = names_of(session, list(session.scalars(text("select id from person order by id")))).values()
    assert list(stored) == names


def test_given_and_family_names_are_joined_as_their_script_has_it(bring: Importer, engine: Engine) -> None:
    bring("email,First name,Last name\na@example.com,Ann,Lee\nb@example.cn,伟,王\n")
    with transaction(engine) as session:
        assert set(names_of(session, list(session.scalars(text("select id from person")))).values()) == {
            "Ann Lee",
            "王伟",
        }


def test_headers_of_four_languages() -> None:
    assert guess_columns(["E-mail", "Номер телефона", "Consent Date", "来源", "País", "фио"]) == {
        "email": "E-mail",
        "phone": "Номер телефона",
        "at": "Consent Date",
        "source": "来源",
        "country": "País",
        "name": "фио",
    }


def test_excels_separator_line_is_understood(bring: Importer) -> None:
    assert bring("sep=;\nemail;name\nann@example.com;Lee, Ann\n").new == 1


def test_rows_are_numbered_as_a_spreadsheet_shows_them(bring: Importer) -> None:
    bring("email,name\nann@example.com,Ann\n")
    path = bring.folder / "people.csv"
    path.write_text('email,name\n\n"a@b.cc","x\ny"\nc@d.ee,\n')
    assert [number for number, _ in read_rows(path, guess_format(path))] == [3, 4]
