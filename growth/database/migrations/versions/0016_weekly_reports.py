"""Weekly reports and links that share them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment, number, words = sa.DateTime(timezone=True), sa.BigInteger(), sa.Text()
    op.create_table(
        "report_snapshot",
        sa.Column("id", number, sa.Identity(always=False), primary_key=True),
        sa.Column("week", sa.Date(), nullable=True),
        sa.Column("side", words, nullable=False),
        sa.Column("version", number, server_default="1", nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("made_by", words, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.UniqueConstraint("week", "side", "version", name=op.f("uq_report_snapshot_week_side_version")),
    )
    op.create_table(
        "report_link",
        sa.Column("id", number, sa.Identity(always=False), primary_key=True),
        sa.Column("snapshot_id", number, sa.ForeignKey("report_snapshot.id"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("made_by", words, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("revoked_by", words, nullable=True),
        sa.Column("revoked_at", moment, nullable=True),
        sa.Column("opened", number, server_default="0", nullable=False),
        sa.Column("opened_at", moment, nullable=True),
        sa.Column("minute", moment, nullable=True),
        sa.Column("opened_in_minute", number, server_default="0", nullable=False),
    )
    op.create_index("ix_report_link_snapshot_id", "report_link", ["snapshot_id"])
    op.create_table(
        "report_wish",
        sa.Column("account_id", number, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
    )
