"""What happens before the first page: the schema, and in the demo its sample data."""

from dataclasses import dataclass
from pathlib import Path

from growth.clock import SystemClock
from growth.database.engine import make_engine, transaction
from growth.people.root_key import check_key
from growth.running.demo import Mode, decide, mode_of


@dataclass(frozen=True)
class Prepared:
    """What the database holds now, and what belongs to it.

    Empty: the token that lets its finder set it up. The demo: who can sign in with which password, and the public
    key of the sandbox's hooks.
    """

    mode: Mode
    setup_token: str = ""
    sign_ins: tuple[tuple[str, str, str], ...] = ()
    webhook_key: str = ""


def prepare(database_url: str, home: Path, wants_demo: bool) -> Prepared:
    """Bring the schema up to date and the demo's sample data to completion. Repeating it changes nothing.

    Raises PermanentError for a database that is too old or too new, or whose key is gone, ConflictError for an unwanted
    demo.
    """
    from growth.database.migrate import migrate  # noqa: PLC0415 - Alembic is big, and this process soon gone

    engine = make_engine(database_url, application="growth run")
    try:
        migrate(engine)
        with transaction(engine) as session:
            check_key(session)
        found = mode_of(engine)
        mode = decide(found, wants_demo=wants_demo)
        if mode is Mode.EMPTY:
            from growth.web.first_visit import setup_token  # noqa: PLC0415 - likewise

            return Prepared(mode, setup_token=setup_token())
        if mode is Mode.REAL:
            return Prepared(mode)
        if found is Mode.EMPTY:
            print("Making sample data, once …", flush=True)  # noqa: T201 - this is the console
        from growth.sandbox.demo import seed  # noqa: PLC0415 - only the demo pays for it
        from growth.sandbox.keys import webhook_public_key  # noqa: PLC0415

        sign_ins = tuple((one.role, one.email, one.password) for one in seed(engine, SystemClock()))
        return Prepared(mode, sign_ins=sign_ins, webhook_key=webhook_public_key(home))
    finally:
        engine.dispose()
