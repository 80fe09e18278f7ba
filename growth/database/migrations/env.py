"""Alembic's entry point: always inside a connection that `growth.database.migrate` opened."""

from alembic import context

from growth.database.base import Record

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Record.metadata, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
