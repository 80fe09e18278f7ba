"""Costs know what they are reckoned from and what they correct; advice is kept for pages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cost", sa.Column("units", sa.Numeric(), nullable=True))
    op.add_column("cost", sa.Column("corrects", sa.BigInteger(), nullable=True))
    op.add_column("cost", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(op.f("fk_cost_corrects"), "cost", "cost", ["corrects"], ["id"])
    op.create_index("ix_cost_corrects", "cost", ["corrects"], postgresql_where=sa.text("corrects is not null"))
    op.create_index("ix_cost_campaign", "cost", ["campaign", "day"], postgresql_where=sa.text("campaign <> ''"))
    op.create_index("ix_activity_at", "activity", ["at"])
    op.create_table(
        "advice",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("curves", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("side", name=op.f("pk_advice")),
    )
