"""Data that was stored under another key is told of at the start, before anything is done with it."""

import os
import re
from pathlib import Path

from sqlalchemy import Engine, update

from growth.clock import FixedClock
from growth.database.engine import transaction
from growth.keyring import Keyring
from growth.people.identity import EMAIL, identity_hash
from growth.people.records import Identity, Person
from tests.running.starting import growth

LOST = {"GROWTH_SECRET_KEY": ""}


def store(engine: Engine, clock: FixedClock, root: bytes = b"another root key") -> None:
    with transaction(engine) as session:
        person = Person(created_at=clock.now())
        session.add(person)
        session.flush()
        sealed, hashed = Keyring(root).seal("anna@example.com"), identity_hash(EMAIL, "anna@example.com")
        session.add(Identity(kind=EMAIL, hash=hashed, sealed=sealed, person_id=person.id, created_at=clock.now()))


def test_a_missing_key_is_told_and_not_made_anew(
    engine: Engine, database_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    store(engine, clock)
    place = {"GROWTH_DATABASE_URL": database_url, "GROWTH_HOME": str(tmp_path), **LOST}
    for arguments in (("job", "list"), ("work",), ("web", "--port", "0"), ("run", "--port", "0", "--no-demo")):
        told = growth(*arguments, **place)
        assert told.returncode == 1
        assert "key that stored addresses can be read with is missing" in told.stderr, told.stderr
        assert "Traceback" not in told.stderr
    told = growth("doctor", **place)
    assert re.search(r"failed\s+key .*missing", told.stdout)
    assert not (tmp_path / "secret.key").exists()


def test_another_key_is_told(engine: Engine, database_url: str, clock: FixedClock) -> None:
    store(engine, clock)
    told = growth("job", "list", GROWTH_DATABASE_URL=database_url)
    assert told.returncode == 1
    assert "can't be read with this key" in told.stderr
    with transaction(engine) as session:
        session.execute(update(Identity).values(sealed=None))
    assert growth("job", "list", GROWTH_DATABASE_URL=database_url).returncode == 0
    assert os.environ["GROWTH_SECRET_KEY"]
