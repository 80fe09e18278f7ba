"""Clocks that are moved, and reports that are refused while something is sent."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_reading",
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("start", name=op.f("pk_clock_reading")),
    )
    op.add_column("hook_refusal", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("hook_refusal", sa.Column("acted_at", sa.DateTime(timezone=True), nullable=True))
