"""What a permission rests on is noted when it changes, so that a claim asks only those again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_XID = sa.text("cast(cast(pg_current_xact_id() as text) as bigint)")
_TABLES = {
    "insert": "new table as made",
    "update": "new table as made old table as gone",
    "delete": "old table as gone",
}
_ROWS = {
    "insert": "select * from made",
    "update": "select * from made union all select * from gone",
    "delete": "select * from gone",
}
# Whom a row of each table is about.
_PEOPLE = {
    "consent": "select person_id from ({rows}) changed where channel = 'email'",
    "list_member": "select person_id from ({rows}) changed",
    "preference": "select person_id from ({rows}) changed",
    "identity": "select person_id from ({rows}) changed where kind = 'email' and person_id is not null",
    "suppression": """
        select person_id from ({rows}) changed join identity on identity.hash = changed.hash
        where channel = 'email' and person_id is not null
        union select person_id from ({rows}) changed join identity on identity.mailbox = changed.hash
        where channel = 'email' and person_id is not null
    """,
}


def upgrade() -> None:
    op.create_table(
        "permission_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("xid", sa.BigInteger(), server_default=_XID, nullable=False),
        sa.Column("first_person", sa.BigInteger(), nullable=False),
        sa.Column("last_person", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission_change")),
    )
    op.create_index("ix_permission_change_xid", "permission_change", ["xid"])
    op.add_column("campaign_run", sa.Column("judged_from", sa.BigInteger(), nullable=True))
    op.add_column("delivery_batch", sa.Column("xid", sa.BigInteger(), server_default=_XID, nullable=False))
    op.create_index("ix_delivery_batch_xid", "delivery_batch", ["xid", "campaign_run_id"])
    for table, people in _PEOPLE.items():
        for event in _TABLES:
            _note(table, event, people.format(rows=_ROWS[event]))
    _note_rows()


def _note(table: str, event: str, people: str) -> None:
    """Ids in a row become one row."""
    name = f"note_{table}_{event}"
    op.execute(f"""
        create function {name}() returns trigger language plpgsql as $$ begin
            insert into permission_change (first_person, last_person)
            select lower(ids), upper(ids) - 1 from (
                select unnest(range_agg(int8range(person_id, person_id, '[]'))) as ids from ({people}) people) found;
            return null;
        end $$
    """)
    op.execute(
        f"create trigger {name} after {event} on {table} referencing {_TABLES[event]}"
        f" for each statement execute function {name}()"
    )


def _note_rows() -> None:
    """Of people and rules, which are written often for something else, only what matters."""
    op.execute("""
        create function note_person() returns trigger language plpgsql as $$ begin
            insert into permission_change (first_person, last_person) values (new.id, new.id);
            return null;
        end $$
    """)
    op.execute("""
        create trigger note_person after update on person for each row
        when (new.country is distinct from old.country or new.erased_at is distinct from old.erased_at)
        execute function note_person()
    """)
    op.execute("""
        create function note_rules() returns trigger language plpgsql as $$ begin
            insert into permission_change (first_person, last_person) values (0, 9223372036854775807);
            return null;
        end $$
    """)
    op.execute("create trigger note_rules after update on sending_rules execute function note_rules()")
