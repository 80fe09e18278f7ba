"""What permission e-mail adds to people, campaigns and deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("message_version", sa.BigInteger(), nullable=True))
    op.add_column("campaign", sa.Column("list_id", sa.BigInteger(), nullable=True))
    op.add_column("campaign", sa.Column("audience_version_id", sa.BigInteger(), nullable=True))
    op.add_column("campaign", sa.Column("kind", sa.Text(), server_default="once", nullable=False))
    op.add_column("campaign", sa.Column("recurrence", postgresql.JSONB(), nullable=True))
    op.add_column("campaign", sa.Column("trigger", postgresql.JSONB(), nullable=True))
    op.add_column(
        "campaign",
        sa.Column("timing", postgresql.JSONB(), server_default='{"mode": "at_once"}', nullable=False),
    )
    op.add_column("campaign", sa.Column("per_hour", sa.BigInteger(), nullable=True))
    op.add_column("campaign", sa.Column("approved_by", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaign", sa.Column("approved_version", sa.BigInteger(), nullable=True))
    op.add_column("campaign", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_campaign_audience_version_id"), "campaign", "audience_version", ["audience_version_id"], ["id"]
    )
    op.create_foreign_key(op.f("fk_campaign_list_id"), "campaign", "mailing_list", ["list_id"], ["id"])
    op.add_column("consent", sa.Column("basis", sa.Text(), server_default="consent", nullable=False))
    op.add_column("delivery", sa.Column("arm", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("receiver", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("deferred_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("machine_opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("scanner_clicked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("bounce_class", sa.Text(), nullable=True))
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["campaign_run_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'planned' and due_at is not null"),
    )
    op.add_column("delivery_batch", sa.Column("words_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("identity", sa.Column("receiver", sa.Text(), nullable=True))
    op.add_column("identity", sa.Column("trait", sa.Text(), nullable=True))
    op.add_column("identity", sa.Column("mailbox", sa.LargeBinary(), nullable=True))
    op.add_column("identity", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_identity_mailbox", "identity", ["mailbox"], unique=False, postgresql_where=sa.text("mailbox is not null")
    )
