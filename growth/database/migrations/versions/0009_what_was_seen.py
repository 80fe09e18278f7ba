"""What the collector needs besides: bots told apart, its rules, daily salts, changed orders, memory with an end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("event", sa.Column("bot", sa.Text(), nullable=True))
    op.create_index("ix_event_bot", "event", ["received_at"], postgresql_where=sa.text("bot is not null"))
    op.add_column("event_seen", sa.Column("seen_at", moment, server_default=sa.text("now()"), nullable=False))
    op.create_index("ix_event_seen_seen_at", "event_seen", ["seen_at"], postgresql_using="brin")
    op.create_table(
        "collector_rules",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sites", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("respects_gpc", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("respects_dnt", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("browser_orders", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("automation_is_bot", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("bot_agents", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("bot_networks", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_collector_rules_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collector_rules")),
    )
    op.create_table(
        "visitor_salt",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_visitor_salt")),
    )
    op.create_table(
        "order_change",
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source_key", name=op.f("pk_order_change")),
    )
    op.add_column("conversion", sa.Column("told_minor", sa.BigInteger(), nullable=True))
    op.execute("update conversion set told_minor = -value_minor where kind = 'refund' and value_minor <> 0")
