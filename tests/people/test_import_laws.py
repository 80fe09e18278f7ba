"""Laws of the import: whatever the file, twice is once; and whose row it is hangs on nobody else's."""

import csv
import io
from datetime import UTC, datetime

from hypothesis import HealthCheck, given
from hypothesis import settings as laws
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from growth.database.engine import transaction
from growth.people.importing.matching import Claim, Matcher, Verdict
from tests.people.bringing import ASKED, Importer

few = st.one_of(st.none(), st.integers(1, 4))


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Rows over few addresses, some of which are stored, consistently."""
    emails = {n: draw(st.sampled_from([None, 1001, 1002])) for n in range(1, 5)}
    phones = {n: draw(st.sampled_from([None, 1001, 1003])) for n in range(1, 5)}
    with_email = {owner for owner in emails.values() if owner}
    pairs = draw(st.lists(st.tuples(few, few).filter(any), max_size=12))
    return [
        Claim(
            row,
            email,
            phone,
            emails.get(email or 0),
            phones.get(phone or 0),
            phones.get(phone or 0) in with_email,
        )
        for row, (email, phone) in enumerate(pairs, 1)
    ]


@given(claims())
def test_each_address_has_one_owner_and_refused_rows_stay_refused(file: list[Claim]) -> None:
    first = list(Matcher().decide(file))
    emails: dict[int, int] = {}
    phones: dict[int, int] = {}
    for claim, verdict in zip(file, first, strict=True):
        if verdict.owner is not None:
            for known, address in ((emails, claim.email), (phones, claim.phone)):
                if address is not None:
                    assert known.setdefault(address, verdict.owner) == verdict.owner
    assert [v.row for v in second_time(file, emails, phones) if v.owner is None] == [
        v.row for v in first if v.owner is None
    ]


def second_time(file: list[Claim], emails: dict[int, int], phones: dict[int, int]) -> list[Verdict]:
    """The same rows again, with what the first time stored; new people have got ids."""
    ids = {owner: owner if owner > 0 else 5000 - owner for owner in [*emails.values(), *phones.values()]}
    stored_emails = {c.email: c.by_email for c in file if c.email and c.by_email} | {
        a: ids[o] for a, o in emails.items()
    }
    stored_phones = {c.phone: c.by_phone for c in file if c.phone and c.by_phone} | {
        a: ids[o] for a, o in phones.items()
    }
    has_email = set(stored_emails.values()) | {c.by_phone for c in file if c.phone_has_email}
    again = [
        Claim(
            c.row,
            c.email,
            c.phone,
            stored_emails.get(c.email or 0),
            stored_phones.get(c.phone or 0),
            stored_phones.get(c.phone or 0) in has_email,
        )
        for c in file
    ]
    return list(Matcher().decide(again))


cell = st.sampled_from(["", "", "Ann", "Анна", "=1+1", "王伟"])
line = st.tuples(
    st.sampled_from(["", "a@example.com", "b@example.com", "B@Example.com", "c@example.com", "wrong", "d@example.com"]),
    st.sampled_from(["", "", "+79161234567", "+79161234568", "8 916 123-45-69", "12"]),
    cell,
    st.sampled_from(["", "RU", "BR", "Narnia"]),
    st.sampled_from(["", "yes", "no"]),
    st.sampled_from(["", "2026-10-02", "2026-10-03"]),
)
STATE = """
select md5(string_agg(t, '|' order by t)) from (
    select row(p.id, p.name_sealed, p.country)::text from person p
    union all select row(i.kind, i.hash, i.person_id)::text from identity i
    union all select row(f.person_id, f.granted, f.at, f.source)::text from consent_fact f
    union all select row(c.person_id, c.granted, c.at)::text from consent c) s (t)
"""


@given(st.lists(st.lists(line, max_size=9), min_size=1, max_size=2), st.booleans())
@laws(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_twice_is_the_file_once(
    bring: Importer, engine: Engine, files: list[list[tuple[str, ...]]], asked: bool
) -> None:
    empty(engine)
    for rows in files:
        file = written(rows)
        planned = bring(file, permission=ASKED if asked else type(ASKED)(), dry_run=True)
        first = bring(file, permission=ASKED if asked else type(ASKED)())
        assert first == planned
        before, handed_back = state(engine), bring.rejected
        again = bring(file, permission=ASKED if asked else type(ASKED)())
        assert (again.new, again.changed, again.facts) == (0, 0, 0)
        assert state(engine) == before
        assert [one["Row"] for one in bring.rejected] == [one["Row"] for one in handed_back]
        assert again.rows == again.rejected + again.unchanged + again.repeated
        check_consent(engine)


def written(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("email", "phone", "name", "country", "consent", "at"), *rows])
    return out.getvalue()


def empty(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("truncate person, identity, identity_change, consent_fact, consent cascade"))


def state(engine: Engine) -> str:
    with transaction(engine) as session:
        return str(session.scalar(text(STATE)))


def check_consent(engine: Engine) -> None:
    """What holds is what the latest fact says, a withdrawal winning a tie."""
    latest = (
        "select distinct on (person_id) person_id, granted, at from consent_fact order by person_id, at desc, granted"
    )
    with transaction(engine) as session:
        facts = session.execute(text(latest)).all()
        held = session.execute(text("select person_id, granted, at from consent order by person_id")).all()
    assert [tuple(one) for one in facts] == [tuple(one) for one in held]
    assert all(one.at <= datetime(2026, 11, 24, 12, tzinfo=UTC) for one in held)
