"""Import: good rows go in, bad ones come back with their reason, and the same file twice is the same as once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.errors import InvalidError
from growth.people.consent import may_write, record_consent
from growth.people.identity import EMAIL, PHONE, Known, email_hash, ensure_person, find_person
from growth.people.importing.permissions import FilePermission
from growth.people.reading import addresses_of, names_of
from growth.people.suppression import suppress
from tests.people.bringing import ASKED, Importer


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with transaction(engine) as session:
        return [tuple(row) for row in session.execute(text(query))]


def person(engine: Engine, email: str) -> int:
    with transaction(engine) as session:
        found = find_person(session, EMAIL, email)
    assert found is not None
    return found


def writable(engine: Engine, email: str) -> bool:
    with transaction(engine) as session:
        return may_write(session, person(engine, email), "marketing", "email")


def test_people_come_in_readable_and_the_same_file_again_changes_nothing(bring: Importer, engine: Engine) -> None:
    file = (
        "email,phone,name,country,language\n"
        "Ann@Example.com,+7 916 123-45-67,Анна,Россия,ru\n"
        "bob@example.com,,Bob,BR,pt-BR\n"
    )
    counts = bring(file, permission=ASKED)
    assert (counts.rows, counts.new, counts.changed, counts.rejected, counts.permitted) == (2, 2, 0, 0, 2)
    before = rows(engine, "select * from person p join identity i on i.person_id = p.id order by i.id")
    again = bring(file, permission=ASKED)
    assert (again.new, again.changed, again.unchanged, again.facts) == (0, 0, 2, 0)
    assert rows(engine, "select * from person p join identity i on i.person_id = p.id order by i.id") == before
    ann = person(engine, "ann@example.com")
    with transaction(engine) as session:
        assert names_of(session, [ann]) == {ann: "Анна"}
        assert addresses_of(session, [ann])[ann] == {"email": ["ann@example.com"], "phone": ["+79161234567"]}
    assert rows(engine, "select country, locale from person order by id") == [("RU", "ru"), ("BR", "pt_BR")]


def test_a_dry_run_counts_and_writes_nothing(bring: Importer, engine: Engine) -> None:
    file = "email\nann@example.com\nnobody\n"
    planned = bring(file, permission=ASKED, dry_run=True)
    assert rows(engine, "select count(*) from person") == [(0,)]
    assert len(bring.rejected) == 1
    assert bring(file, permission=ASKED) == planned


def test_a_filled_cell_changes_and_an_empty_one_leaves(bring: Importer, engine: Engine) -> None:
    bring("email,name,country\nann@example.com,Ann,BR\nbob@example.com,Bob,\n")
    counts = bring("email,name,country\nann@example.com,,RU\nbob@example.com,Bob,\n")
    assert (counts.changed, counts.unchanged) == (1, 1)
    ann = person(engine, "ann@example.com")
    with transaction(engine) as session:
        assert names_of(session, [ann]) == {ann: "Ann"}
    assert rows(engine, "select country from person order by id") == [("RU",), (None,)]


def test_bad_rows_come_back_with_number_field_reason_remedy_and_cells(bring: Importer) -> None:
    file = (
        'email,name,country\nann@example.com,Ann,BR\nnobody,"=HYPERLINK(""http://x"")",BR\nbob@example.com,Bob,Narnia\n'
    )
    counts = bring(file)
    assert (counts.rows, counts.new, counts.rejected) == (3, 1, 2)
    first, second = bring.rejected
    assert (first["Row"], first["Field"], first["email"]) == ("3", "E-mail", "nobody")
    assert first["name"] == '\'=HYPERLINK("http://x")'
    assert (second["Row"], second["Field"], second["country"]) == ("4", "Country", "Narnia")
    assert all(one["What was wrong"] and one["How to put it right"] for one in bring.rejected)


def test_the_rejected_file_put_right_can_be_imported_as_it_is(bring: Importer, engine: Engine) -> None:
    bring("email,phone,name\nann@,+79161234567,=Ann\n")
    fixed = (bring.folder / "rejected.csv").read_text("utf-8-sig").replace("ann@", "ann@example.com")
    assert bring(fixed).new == 1
    ann = person(engine, "ann@example.com")
    with transaction(engine) as session:
        assert names_of(session, [ann]) == {ann: "=Ann"}
        assert addresses_of(session, [ann])[ann]["phone"] == ["+79161234567"]


def test_a_permission_needs_basis_source_wording_and_moment(bring: Importer, engine: Engine) -> None:
    for missing in ("basis", "source", "wording", "at"):
        partly = FilePermission(**({**ASKED.__dict__, missing: None}))
        counts = bring(f"email\n{missing}@example.com\n", permission=partly)
        assert (counts.new, counts.permitted, counts.unpermitted, counts.incomplete) == (1, 0, 1, 1)
        assert not writable(engine, f"{missing}@example.com")
    assert rows(engine, "select count(*) from consent_fact") == [(0,)]


def test_a_permission_that_is_not_enough_where_people_live_is_kept_and_told(bring: Importer, engine: Engine) -> None:
    file = (
        "email;country;basis\n"
        "eva@example.com;DE;legitimate_interest\nivan@example.com;RU;contract\nnemo@example.com;;contract\n"
        "uma@example.com;US;legitimate_interest\nana@example.com;BR;contract\nben@example.com;DE;contract\n"
        "cho@example.com;CN;consent\n"
    )
    for _ in range(2):
        counts = bring(file, permission=ASKED)
        assert (counts.permitted, counts.insufficient, counts.rejected) == (7, 3, 0)
    bases = "select basis, count(*) from consent group by 1 order by 1"
    assert rows(engine, bases) == [("consent", 1), ("contract", 4), ("legitimate_interest", 2)]
    assert rows(engine, "select distinct jurisdiction from consent_fact order by 1") == [
        (code,) for code in ("br", "cn", "default", "eu", "ru", "us")
    ]
    # Where the row says nothing, it is where the person lives.
    assert bring("email;basis\neva@example.com;legitimate_interest\n", permission=ASKED).insufficient == 1


def test_each_row_can_carry_its_own_permission(bring: Importer, engine: Engine) -> None:
    counts = bring(
        "email;consent;basis;source;wording;consent date\n"
        "ann@example.com;yes;consent;form A;Write to me;2026-10-02 10:00\n"
        "bob@example.com;yes;;;;\n"
        "cem@example.com;;;;;\n"
        "dan@example.com;no;;;;03.10.2026\n",
        permission=ASKED,
    )
    assert (counts.permitted, counts.withdrawn, counts.unpermitted) == (2, 1, 2)
    facts = rows(
        engine, "select granted, basis, source, wording, at::date::text, evidence->>'row' from consent_fact order by id"
    )
    assert facts == [
        (True, "consent", "form A", "Write to me", "2026-10-02", "2"),
        (True, "consent", "fair in Yiwu", "Yes, write to me about new goods.", "2026-10-01", "3"),
        (False, "withdrawal", "fair in Yiwu", "Yes, write to me about new goods.", "2026-10-03", "5"),
    ]


def test_an_older_permission_does_not_override_a_newer_withdrawal(
    bring: Importer, engine: Engine, clock: FixedClock
) -> None:
    bring("email\nann@example.com\n")
    ann = person(engine, "ann@example.com")
    with transaction(engine) as session:
        record_consent(
            session,
            ann,
            purpose="marketing",
            channel="email",
            granted=False,
            basis="withdrawal",
            jurisdiction="",
            source="call",
            wording="",
            evidence={},
            at=clock.now() - timedelta(days=1),
            now=clock.now(),
        )
    bring("email\nann@example.com\n", permission=ASKED)
    assert not writable(engine, "ann@example.com")
    assert rows(engine, "select granted from consent_fact order by at") == [(True,), (False,)]


@pytest.mark.parametrize(
    ("listed", "brought"),
    [
        ("annlee@gmail.com", "ann.lee+shop@gmail.com"),
        ("ann.lee@gmail.com", "annlee@gmail.com"),
        ("ann.lee@gmail.com", "a.nnlee@googlemail.com"),
    ],
)
def test_nor_does_it_in_another_way_of_writing(
    bring: Importer, engine: Engine, clock: FixedClock, listed: str, brought: str
) -> None:
    bring(f"email\n{listed}\n", permission=ASKED)
    with transaction(engine) as session:
        suppress(session, "email", email_hash(listed), reason="complaint", source="sendgrid", now=clock.now())
    counts = bring(f"email\n{brought}\nbob@gmail.com\n", permission=ASKED)
    assert (counts.permitted, counts.suppressed) == (1, 1)
    assert not writable(engine, brought)


def test_a_suppressed_address_does_not_come_back(bring: Importer, engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        suppress(
            session, "email", email_hash("ann@example.com"), reason="complaint", source="sendgrid", now=clock.now()
        )
    counts = bring("email\nAnn@example.com\nbob@example.com\n", permission=ASKED)
    assert (counts.new, counts.permitted, counts.suppressed) == (2, 1, 1)
    assert not writable(engine, "ann@example.com")
    assert rows(engine, "select count(*) from suppression") == [(1,)]


def test_who_was_erased_is_handed_back(bring: Importer, engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        suppress(session, "email", email_hash("ann@example.com"), reason="erased", source="request", now=clock.now())
    counts = bring("email,phone\nAnn@example.com,+79161234567\nbob@example.com,+79161234567\n", permission=ASKED)
    assert (counts.new, counts.rejected) == (1, 1)
    assert "erased" in bring.rejected[0]["What was wrong"]


def test_a_no_without_a_moment_takes_back_what_holds_once(bring: Importer, engine: Engine) -> None:
    bring("email\nann@example.com\n", permission=ASKED)
    no = "email,consent\nann@example.com,no\nbob@example.com,no\n"
    assert bring(no).facts == 1
    assert not writable(engine, "ann@example.com")
    assert bring(no).facts == 0


@pytest.mark.parametrize("order", [("yes", "no"), ("no", "yes")])
def test_yes_and_no_about_one_person_is_a_no_and_stays_one(
    bring: Importer, engine: Engine, order: tuple[str, str]
) -> None:
    file = "email,consent\n" + "".join(f"ann@example.com,{said}\n" for said in order)
    permission = FilePermission(**{**ASKED.__dict__, "at": None})
    lines = file.replace(",consent", ",consent,at").replace(",yes", ",yes,2026-10-01").replace(",no", ",no,")
    for expected in (2, 0):
        assert bring(lines, permission=permission).facts == expected
        assert not writable(engine, "ann@example.com")


def test_rows_about_one_person_become_one_and_the_last_filled_cell_counts(bring: Importer, engine: Engine) -> None:
    file = (
        "email,phone,name,country\n"
        "ann@example.com,+79161234567,Ann,\n"
        "ANN@example.com,+79161234568,Anna,RU\n"
        ",+79161234567,,BR\n"
    )
    counts = bring(file)
    assert (counts.rows, counts.new, counts.repeated, counts.rejected) == (3, 1, 2, 0)
    ann = person(engine, "ann@example.com")
    with transaction(engine) as session:
        assert names_of(session, [ann]) == {ann: "Anna"}
        assert len(addresses_of(session, [ann])[ann]["phone"]) == 2
    assert rows(engine, "select country from person") == [("BR",)]
    assert bring(file).unchanged == 1


def test_one_phone_with_two_emails_keeps_the_first_and_hands_back_the_second(bring: Importer) -> None:
    file = "email,phone\nann@example.com,+79161234567\nbob@example.com,+79161234567\n"
    for new in (1, 0):
        counts = bring(file)
        assert (counts.new, counts.rejected) == (new, 1)
        assert bring.rejected[0]["Row"] == "3"
        assert (
            "another e-mail" in bring.rejected[0]["What was wrong"]
            or "two different people" in bring.rejected[0]["What was wrong"]
        )


def test_an_email_joins_the_person_known_by_the_phone_alone(bring: Importer, engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        known = ensure_person(session, Known(phone="+79161234567"), clock.now())
    assert bring("email,phone\nann@example.com,+79161234567\n").changed == 1
    assert person(engine, "ann@example.com") == known


def test_addresses_of_two_stored_people_are_handed_back(bring: Importer, engine: Engine, clock: FixedClock) -> None:
    with transaction(engine) as session:
        ensure_person(session, Known(email="ann@example.com"), clock.now())
        ensure_person(session, Known(email="bob@example.com", phone="+79161234567"), clock.now())
    counts = bring("email,phone\nann@example.com,+79161234567\ncem@example.com,+79161234567\n")
    assert (counts.new, counts.rejected) == (0, 2)


def test_an_address_of_an_organisation_is_handed_back(bring: Importer, engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("insert into organisation (legal_name, created_at) values ('Yiwu Bags', now())"))
        session.execute(
            text(
                "insert into identity (kind, hash, organisation_id, created_at)"
                " select 'email', :hash, id, now() from organisation"
            ),
            {"hash": email_hash("sales@yiwu-bags.cn")},
        )
    assert bring("email\nsales@yiwu-bags.cn\nann@example.com\n").rejected == 1


def test_what_was_stored_is_audited_once(bring: Importer, engine: Engine) -> None:
    for _ in range(2):
        bring("email\nann@example.com\n", permission=ASKED)
    entries = rows(
        engine, "select actor, action, subject, detail->>'new', detail->'permission'->>'basis' from audit_log"
    )
    assert entries == [("marketer@example.com", "people.import", "people.csv", "1", "consent")]


def test_columns_chosen_by_hand(bring: Importer, engine: Engine) -> None:
    assert bring("a,b\nann@example.com,Ann\n", columns={"email": "a", "name": "b"}).new == 1
    with pytest.raises(InvalidError, match="no column"):
        bring("a,b\nann@example.com,Ann\n", columns={"email": "c"})
    with pytest.raises(InvalidError, match="no field"):
        bring("a,b\nann@example.com,Ann\n", columns={"shoe size": "b"})
    with pytest.raises(InvalidError, match="No column"):
        bring("a,b\nann,Ann\n")
    with transaction(engine) as session:
        assert find_person(session, PHONE, "+1") is None
