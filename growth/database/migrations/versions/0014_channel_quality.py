"""Quality and language in the roll-up of channels, and its sums over countries, languages and channels."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SUMS = ("touches", "acquired", "orders", "value_minor", "cost_minor", "ordered", "repeated")


def upgrade() -> None:
    op.add_column("channel_day", sa.Column("language", sa.Text(), server_default="", nullable=False))
    for name in ("ordered", "repeated"):
        op.add_column("channel_day", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.drop_constraint(op.f("pk_channel_day"), "channel_day")
    op.create_primary_key(op.f("pk_channel_day"), "channel_day", ["day", "side", "channel", "country", "language"])
    key = ("day", "side", "channel", "country", "language")
    op.create_table(
        "channel_day_total",
        *(sa.Column(name, sa.Date() if name == "day" else sa.Text(), nullable=False) for name in key),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.Column("unrated", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_channel_day_total")),
    )
    op.create_index("ix_channel_day_total_place", "channel_day_total", ["side", "country", "language", "day"])
    op.create_index(
        "ix_channel_day_total_countries",
        "channel_day_total",
        ["side", "language", "day"],
        postgresql_where=sa.text("channel = '*'"),
        postgresql_include=["country", "acquired"],
    )
    _keep_totals()
    # Whoever upgrades sees the totals at once, and quality and languages as soon as the days are counted again.
    op.execute("update channel_day set language = ''")
    op.execute("insert into channel_day_due select distinct day, side from channel_day on conflict do nothing")


def _keep_totals() -> None:
    """Totals that are made in the statement which changes their rows can never differ from them."""
    summed = ", ".join(f"sum({name})" for name in _SUMS)
    op.execute(f"""
        create function add_up_channel_days() returns trigger language plpgsql as $$
        begin
            if tg_op = 'TRUNCATE' then
                truncate channel_day_total;
                return null;
            end if;
            delete from channel_day_total as total using (select distinct day, side from changed) as due
            where total.day = due.day and total.side = due.side;
            insert into channel_day_total (day, side, channel, country, language, {", ".join(_SUMS)}, unrated)
            select one.day, one.side,
                case grouping(one.channel) when 1 then '*' else one.channel end,
                case grouping(one.country) when 1 then '*' else one.country end,
                case grouping(one.language) when 1 then '*' else one.language end,
                {summed}, coalesce(string_agg(distinct unrated, ' ') filter (where unrated <> ''), '')
            from (select distinct day, side from changed) as due
            join channel_day as one on one.day = due.day and one.side = due.side
            group by grouping sets (
                (one.day, one.side, one.channel), (one.day, one.side, one.channel, one.country),
                (one.day, one.side, one.channel, one.language), (one.day, one.side, one.country),
                (one.day, one.side, one.country, one.language));
            return null;
        end
        $$
    """)
    for event, table in (("insert", "new"), ("update", "new"), ("delete", "old")):
        op.execute(f"""
            create trigger add_up_{event} after {event} on channel_day referencing {table} table as changed
            for each statement execute function add_up_channel_days()
        """)
    op.execute("""
        create trigger add_up_truncate after truncate on channel_day
        for each statement execute function add_up_channel_days()
    """)
