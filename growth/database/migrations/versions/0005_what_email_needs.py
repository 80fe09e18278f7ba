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
    op.add_column("campaign", sa.Column("scheduled_by", sa.Text(), nullable=True))
    op.add_column("campaign", sa.Column("sent_back", postgresql.JSONB(), nullable=True))
    op.add_column("campaign", sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaign", sa.Column("paused_because", postgresql.JSONB(), nullable=True))
    op.add_column("campaign", sa.Column("changes", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_index("ix_stage_change_recorded_at", "stage_change", ["recorded_at"], unique=False)
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
    _file_deliveries()
    op.drop_index("ix_delivery_person", "delivery")
    op.create_index("ix_delivery_person", "delivery", ["person_id", "claimed_at"], unique=False)
    op.create_index(
        "ix_delivery_opened",
        "delivery",
        ["opened_at", "person_id"],
        unique=False,
        postgresql_where=sa.text("opened_at is not null"),
    )
    op.add_column("delivery_batch", sa.Column("words_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("email_version", sa.Column("places", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_index(
        "ix_lead_person_id",
        "lead",
        ["person_id", "id"],
        unique=False,
        postgresql_where=sa.text("person_id is not null"),
    )
    op.add_column("identity", sa.Column("receiver", sa.Text(), nullable=True))
    op.add_column("identity", sa.Column("trait", sa.Text(), nullable=True))
    op.add_column("identity", sa.Column("mailbox", sa.LargeBinary(), nullable=True))
    op.add_column("identity", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_identity_mailbox", "identity", ["mailbox"], unique=False, postgresql_where=sa.text("mailbox is not null")
    )
    op.create_index("ix_suppression_reason", "suppression", ["reason", "id"], unique=False)
    _index_audiences()


def _file_deliveries() -> None:
    """Keeps what is written of a delivery at each step within its page; its record says how."""
    op.execute("alter table delivery set (fillfactor = 50)")
    for name in ("batch_id", "email_version_id"):
        op.drop_constraint(op.f(f"fk_delivery_{name}"), "delivery", type_="foreignkey")
    for name in ("unfinished", "trouble"):
        op.drop_index(f"ix_delivery_{name}", "delivery")
    filed = "case when state in ('planned', 'in_doubt', 'refused', 'bounced', 'complained') then state end"
    op.add_column("delivery", sa.Column("filed", sa.Text(), sa.Computed(filed, persisted=True), nullable=True))
    for name, columns, known in (
        ("ix_delivery_filed", ["campaign_run_id", "filed", "id"], "filed is not null"),
        ("ix_delivery_due", ["campaign_run_id", "due_at", "id"], "filed = 'planned'"),
    ):
        op.create_index(name, "delivery", columns, unique=False, postgresql_where=sa.text(known))
    op.create_index("ix_delivery_accepted", "delivery", ["accepted_at"], unique=False, postgresql_using="brin")


def _index_audiences() -> None:
    """The indexes behind the conditions of audiences."""
    op.create_index("ix_person_created_at", "person", ["created_at"], unique=False)
    language = sa.text("lower(split_part(replace(locale, '-', '_'), '_', 1))")
    op.create_index("ix_person_language", "person", [language], unique=False)
    op.create_index("ix_organisation_kind", "organisation", ["kind"], unique=False)
    op.create_index("ix_organisation_province", "organisation", ["province"], unique=False)
    for name, table, columns, known in (
        ("ix_event_kind", "event", ["kind", "occurred_at", "person_id"], "person_id"),
        ("ix_lead_stage", "lead", ["stage", "person_id"], "person_id"),
        ("ix_lead_organisation", "lead", ["organisation_id"], "organisation_id"),
        ("ix_delivery_clicked", "delivery", ["clicked_at", "person_id"], "clicked_at"),
    ):
        op.create_index(name, table, columns, unique=False, postgresql_where=sa.text(f"{known} is not null"))
