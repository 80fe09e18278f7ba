"""The migrations make exactly the tables the records declare."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from growth.database import records
from growth.database.base import Record
from growth.database.migrate import current, head, migrate


def test_migrations_and_records_agree(engine: Engine) -> None:
    records.load()
    ours = set(Record.metadata.tables)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in ours}
        )
        assert compare_metadata(context, Record.metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    assert migrate(engine) == head()
    with engine.connect() as connection:
        assert current(connection) == head()


def test_a_month_has_its_partition_made_once(engine: Engine) -> None:
    with engine.begin() as connection:
        for _ in range(2):
            connection.execute(text("select ensure_month('event', timestamptz '2021-02-03 04:05Z')"))
        connection.execute(
            text(
                "insert into event (occurred_at, event_id, kind, source, side)"
                " values ('2021-02-28 23:59:59Z', gen_random_uuid(), 'custom', 'import', 'buyer')"
            )
        )
        assert connection.scalar(text("select count(*) from event_2021_02")) == 1
