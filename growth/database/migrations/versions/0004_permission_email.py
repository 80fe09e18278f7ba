"""Permission e-mail: lists, forms, confirmations, audiences, edited messages, letters, experiments, rules of sending."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audience",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience")),
        sa.UniqueConstraint("name", name=op.f("uq_audience_name")),
    )
    op.create_table(
        "experiment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("horizon_days", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("test_percent", sa.BigInteger(), server_default="100", nullable=False),
        sa.Column("smallest_effect", sa.BigInteger(), nullable=True),
        sa.Column("base_rate", sa.BigInteger(), nullable=True),
        sa.Column("planned_size", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment")),
        sa.UniqueConstraint("subject_kind", "subject_id", name=op.f("uq_experiment_subject_kind_subject_id")),
    )
    op.create_table(
        "mailing_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(), nullable=False),
        sa.Column("descriptions", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("public", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing_list")),
        sa.UniqueConstraint("key", name=op.f("uq_mailing_list_key")),
    )
    op.create_table(
        "message",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_message")),
    )
    op.create_table(
        "receiver_minute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_run_id", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("deferred", sa.BigInteger(), nullable=False),
        sa.Column("bounced", sa.BigInteger(), nullable=False),
        sa.Column("complained", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("clicked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receiver_minute")),
    )
    op.create_index("ix_receiver_minute_minute", "receiver_minute", ["minute"], unique=False)
    op.create_index("ix_receiver_minute_run", "receiver_minute", ["campaign_run_id", "minute"], unique=False)
    op.create_table(
        "sending_pace",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "since", name=op.f("pk_sending_pace")),
    )
    op.create_index("ix_sending_pace_since", "sending_pace", ["since"], unique=False)
    op.create_table(
        "sending_rules",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quiet_from", sa.BigInteger(), nullable=True),
        sa.Column("quiet_until", sa.BigInteger(), nullable=True),
        sa.Column("most_per_day", sa.BigInteger(), nullable=True),
        sa.Column("most_per_week", sa.BigInteger(), nullable=True),
        sa.Column("most_by_purpose", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("per_hour", sa.BigInteger(), nullable=True),
        sa.Column("per_receiver", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("warm_up_since", sa.Date(), nullable=True),
        sa.Column("warm_up_first", sa.BigInteger(), server_default="200", nullable=False),
        sa.Column("warm_up_growth", sa.BigInteger(), server_default="150", nullable=False),
        sa.Column("warm_up_days", sa.BigInteger(), server_default="21", nullable=False),
        sa.Column("bounce_limit", sa.BigInteger(), server_default="500", nullable=False),
        sa.Column("complaint_limit", sa.BigInteger(), server_default="20", nullable=False),
        sa.Column("approval_from", sa.BigInteger(), nullable=True),
        sa.Column("role_addresses", sa.Text(), server_default="send", nullable=False),
        sa.Column("disposable_addresses", sa.Text(), server_default="leave_out", nullable=False),
        sa.Column("soft_bounces", sa.BigInteger(), server_default="5", nullable=False),
        sa.Column("seeds", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("halted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("halted_because", postgresql.JSONB(), nullable=True),
        sa.Column("watched_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_sending_rules_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_rules")),
    )
    op.create_table(
        "usual_hour",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_usual_hour_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_usual_hour")),
    )
    op.create_table(
        "usual_hour_of_country",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_usual_hour_of_country")),
    )
    op.create_table(
        "audience_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("audience_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("conditions", postgresql.JSONB(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name=op.f("fk_audience_version_audience_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_version")),
        sa.UniqueConstraint("audience_id", "version", name=op.f("uq_audience_version_audience_id_version")),
    )
    op.create_table(
        "experiment_arm",
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.CheckConstraint("share between 1 and 10000", name=op.f("ck_experiment_arm_share")),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiment.id"], name=op.f("fk_experiment_arm_experiment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("experiment_id", "name", name=op.f("pk_experiment_arm")),
    )
    op.create_table(
        "list_member",
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_list_member_list_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_list_member_person_id")),
        sa.PrimaryKeyConstraint("list_id", "person_id", name=op.f("pk_list_member")),
    )
    op.create_index("ix_list_member_person", "list_member", ["person_id"], unique=False)
    op.create_index(
        "ix_list_member_subscribed",
        "list_member",
        ["list_id", "person_id"],
        unique=False,
        postgresql_where=sa.text("state = 'subscribed'"),
    )
    op.create_table(
        "message_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("files", postgresql.JSONB(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.name"], name=op.f("fk_message_version_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_version")),
        sa.UniqueConstraint("message", "version", name=op.f("uq_message_version_message_version")),
    )
    op.create_table(
        "preference",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("most_per_week", sa.BigInteger(), nullable=True),
        sa.Column("most_per_month", sa.BigInteger(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_preference_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_preference")),
    )
    op.create_table(
        "sign_up_form",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("asks_name", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("asks_country", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("thanks_url", sa.Text(), nullable=True),
        sa.Column("origins", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("always_confirms", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_sign_up_form_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up_form")),
        sa.UniqueConstraint("key", name=op.f("uq_sign_up_form_key")),
    )
    op.create_table(
        "confirmation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("list_id", sa.BigInteger(), nullable=True),
        sa.Column("form_id", sa.BigInteger(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letters", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_letter_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["form_id"], ["sign_up_form.id"], name=op.f("fk_confirmation_form_id")),
        sa.ForeignKeyConstraint(["list_id"], ["mailing_list.id"], name=op.f("fk_confirmation_list_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_confirmation_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
    )
    op.create_index(
        "ix_confirmation_expires",
        "confirmation",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_confirmation_form", "confirmation", ["form_id", "id"], unique=False)
    op.create_index(
        "uq_confirmation_waiting",
        "confirmation",
        ["kind", "email_hash", sa.literal_column("coalesce(list_id, 0)")],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "hook_refusal",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_hook_refusal")),
    )
    op.create_table(
        "trigger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("caused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_trigger_entry_campaign_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_trigger_entry_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger_entry")),
        sa.UniqueConstraint("campaign_id", "cause", name=op.f("uq_trigger_entry_campaign_id_cause")),
    )
    op.create_index(
        "ix_trigger_entry_due",
        "trigger_entry",
        ["campaign_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_trigger_entry_person", "trigger_entry", ["campaign_id", "person_id", "caused_at"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("campaign_run_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("posted_by", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_run_id"], ["campaign_run.id"], name=op.f("fk_letter_campaign_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("batch", name=op.f("uq_letter_batch")),
        sa.UniqueConstraint("key", name=op.f("uq_letter_key")),
    )
    op.create_index(
        "ix_letter_campaign_run",
        "letter",
        ["campaign_run_id"],
        unique=False,
        postgresql_where=sa.text("campaign_run_id is not null"),
    )
    op.create_index(
        "ix_letter_open",
        "letter",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('planned', 'claimed', 'in_doubt')"),
    )
    op.create_table(
        "campaign_effect",
        sa.Column("campaign_run_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("mailed", sa.BigInteger(), nullable=False),
        sa.Column("mailed_did", sa.BigInteger(), nullable=False),
        sa.Column("mailed_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mailed_squares", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("held_out", sa.BigInteger(), nullable=False),
        sa.Column("held_out_did", sa.BigInteger(), nullable=False),
        sa.Column("held_out_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_out_squares", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("unrated", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_run_id"], ["campaign_run.id"], name=op.f("fk_campaign_effect_campaign_run_id")
        ),
        sa.PrimaryKeyConstraint("campaign_run_id", "outcome", name=op.f("pk_campaign_effect")),
    )
    op.create_index(
        "ix_letter_posted", "letter", ["posted_at"], unique=False, postgresql_where=sa.text("email_sealed is not null")
    )
    op.create_table(
        "sign_up_pace",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("window", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "window", name=op.f("pk_sign_up_pace")),
    )
    op.create_index("ix_sign_up_pace_window", "sign_up_pace", ["window"], unique=False)
