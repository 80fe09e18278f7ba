"""What models of attribution, windows and channel rules need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "attribution_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("trained_from", moment, nullable=True),
        sa.Column("trained_until", moment, nullable=True),
        sa.Column("effective_from", moment, nullable=False),
        sa.Column("adopted_at", moment, nullable=False),
        sa.Column("adopted_by", sa.Text(), nullable=False),
        sa.Column("recount_at", moment, nullable=True),
        sa.Column("recount_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_version")),
        sa.UniqueConstraint("side", "number", name=op.f("uq_attribution_version_side_number")),
    )
    op.create_table(
        "channel_rules",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", moment, nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_channel_rules")),
    )
    # One conversion is credited by one model.
    op.drop_constraint(op.f("uq_credit_conversion_id_model_position"), "credit", type_="unique")
    op.create_unique_constraint(op.f("uq_credit_conversion_id_position"), "credit", ["conversion_id", "position"])
    op.add_column("visitor_identity", sa.Column("undone_at", moment, nullable=True))
    op.add_column("visitor_identity", sa.Column("undone_by", sa.Text(), nullable=True))
