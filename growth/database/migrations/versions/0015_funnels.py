"""How far everybody has come: ways, kept up by what triggers note, and roll-ups of steps, cohorts and campaigns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

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
_WHO = "case when {of}person_id is not null then 'p' || {of}person_id else 'v' || {of}visitor end"
_LEAD = "case when {of}person_id is not null then 'p' || {of}person_id else 'l' || {of}id end"
# Whose way a row of each table is about.
_WHOSE = {
    "touch": f"""
        select side, {_WHO.format(of="")} as who from ({{rows}}) changed
        where kind = 'click' and (person_id is not null or side = 'buyer')
    """,
    "conversion": f"select side, {_WHO.format(of='')} as who from ({{rows}}) changed where kind <> 'refund'",
    "credit": f"""
        select side, {_WHO.format(of="conversion.")} as who
        from ({{rows}}) changed join conversion on conversion.id = changed.conversion_id
        where conversion.kind in ('registration', 'shop_open', 'first_order', 'subscription')
    """,
    "lead": f"select side, {_LEAD.format(of='')} as who from ({{rows}}) changed where side = 'seller'",
    "stage_change": f"""
        select side, {_LEAD.format(of="lead.")} as who
        from ({{rows}}) changed join lead on lead.id = changed.lead_id where side = 'seller'
    """,
}
# Leads are written often for what matters to a rep alone.
_LEADS_CHANGED = """
    select made.* from made join gone using (id)
    where (made.person_id, made.channel, made.contacted_at) is distinct from
        (gone.person_id, gone.channel, gone.contacted_at)
    union all
    select gone.* from made join gone using (id)
    where (made.person_id, made.channel, made.contacted_at) is distinct from
        (gone.person_id, gone.channel, gone.contacted_at)
"""
_PLACE = ("side", "channel", "country", "language")


def upgrade() -> None:
    day, number, words = sa.Date(), sa.BigInteger(), sa.Text()
    op.create_table(
        "way",
        *(sa.Column(name, words, nullable=False) for name in ("side", "who")),
        sa.Column("entered", day, nullable=False),
        sa.Column("reached", number, nullable=False),
        sa.Column("channels", postgresql.JSONB(), nullable=False),
        *(sa.Column(name, words, nullable=False) for name in ("country", "language")),
        sa.Column("week", day),
        sa.Column("within", number),
        sa.PrimaryKeyConstraint("side", "who", name=op.f("pk_way")),
    )
    op.create_index("ix_way_reached", "way", ["side", "reached", "entered", "who"])
    op.create_table(
        "way_due",
        sa.Column("id", number, sa.Identity(always=False), nullable=False),
        *(sa.Column(name, words, nullable=False) for name in ("side", "who")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_way_due")),
    )
    _roll_up("step_day", "day", sa.Column("step", words, nullable=False))
    op.create_index("ix_step_day_side_day", "step_day", ["side", "day"])
    _by_campaign()
    _roll_up("cohort_week", "week", sa.Column("within", number, nullable=False))
    _note_person()
    for table, whose in _WHOSE.items():
        for event, rows in _ROWS.items():
            changed = _LEADS_CHANGED if (table, event) == ("lead", "update") else rows
            _note(table, event, whose.format(rows=changed))
        op.execute(
            f"insert into way_due (side, who) select distinct side, who from ({whose.format(rows=f'select * from {table}')}) as all_of_them where who is not null"
        )


def _note_person() -> None:
    """Of people, who are written often for something else, only what a way is counted by."""
    op.execute("""
        create function note_way_person() returns trigger language plpgsql as $$ begin
            insert into way_due (side, who) values ('buyer', 'p' || new.id), ('seller', 'p' || new.id);
            return null;
        end $$
    """)
    op.execute("""
        create trigger note_way_person after update on person for each row
        when (new.country is distinct from old.country or new.locale is distinct from old.locale)
        execute function note_way_person()
    """)


def _by_campaign() -> None:
    day, number, words = sa.Date(), sa.BigInteger(), sa.Text()
    op.create_table(
        "campaign_day",
        *(sa.Column(name, words, nullable=False) for name in ("side", "channel")),
        sa.Column("day", day, nullable=False),
        sa.Column("campaign", words, nullable=False),
        *(sa.Column(name, number, nullable=False) for name in ("acquired", "orders", "value_minor", "cost_minor")),
        sa.PrimaryKeyConstraint("side", "channel", "day", "campaign", name=op.f("pk_campaign_day")),
    )
    op.create_table(
        "campaign_day_due",
        sa.Column("day", day, nullable=False),
        sa.Column("side", words, nullable=False),
        sa.PrimaryKeyConstraint("day", "side", name=op.f("pk_campaign_day_due")),
    )
    op.execute("insert into campaign_day_due select distinct day, side from channel_day")


def _roll_up(table: str, day: str, last: sa.Column[object]) -> None:
    op.create_table(
        table,
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("side", "channel")),
        sa.Column(day, sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("country", "language")),
        last,
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("side", "channel", day, "country", "language", last.name, name=op.f(f"pk_{table}")),
        sa.CheckConstraint("people > 0", name=op.f(f"ck_{table}_people")),
    )


def _note(table: str, event: str, whose: str) -> None:
    """Each once a statement; nobody's are left out."""
    name = f"note_way_{table}_{event}"
    op.execute(f"""
        create function {name}() returns trigger language plpgsql as $$ begin
            insert into way_due (side, who) select distinct side, who from ({whose}) found where who is not null;
            return null;
        end $$
    """)
    op.execute(
        f"create trigger {name} after {event} on {table} referencing {_TABLES[event]}"
        f" for each statement execute function {name}()"
    )
