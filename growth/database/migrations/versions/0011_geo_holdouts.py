"""Experiments over regions and people, exclusions with their moment, and what a campaign caused by person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COUNTED = [f"{side}{part}" for side in ("mailed", "held_out") for part in ("", "_did", "_minor", "_squares")]


def upgrade() -> None:
    op.add_column("exclusion", sa.Column("taken_out_at", sa.DateTime(timezone=True)))
    # Only of these is it known today; the others may have been left out from the beginning.
    op.execute("""
        update exclusion set taken_out_at = run.due_at from campaign_run run
        where run.id = exclusion.campaign_run_id and reason = 'no_value'
    """)
    _effects_by_campaign()
    _holdouts()


def _effects_by_campaign() -> None:
    """What was counted by run is added up; of several runs it is counted again, since a person counts once."""
    op.add_column("campaign_effect", sa.Column("campaign_id", sa.BigInteger()))
    op.drop_constraint(op.f("pk_campaign_effect"), "campaign_effect")
    sums = ", ".join(f"sum({name})" for name in _COUNTED)
    op.execute(f"""
        with gone as (delete from campaign_effect returning *)
        insert into campaign_effect (
            campaign_run_id, campaign_id, outcome, {", ".join(_COUNTED)}, unrated, until, final)
        select max(campaign_run_id), run.campaign_id, outcome, {sums}, coalesce(string_agg(distinct unrated, ' '), ''),
            max(until), bool_and(final) and count(*) = 1
        from gone join campaign_run run on run.id = gone.campaign_run_id group by run.campaign_id, outcome
    """)
    op.drop_column("campaign_effect", "campaign_run_id")
    op.alter_column("campaign_effect", "campaign_id", nullable=False)
    op.create_primary_key(op.f("pk_campaign_effect"), "campaign_effect", ["campaign_id", "outcome"])
    op.create_foreign_key(
        op.f("fk_campaign_effect_campaign_id"), "campaign_effect", "campaign", ["campaign_id"], ["id"]
    )


def _holdouts() -> None:
    moment, day, words = sa.DateTime(timezone=True), sa.Date(), sa.Text()
    op.create_table(
        "holdout",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *(sa.Column(name, words, nullable=False) for name in ("name", "kind", "side", "channel", "outcome")),
        sa.Column("regions", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("percent", sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("weeks", "settle_days")),
        *(sa.Column(name, day, nullable=False) for name in ("starts_on", "ends_on")),
        sa.Column("state", words, server_default="planned", nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("created_by", words, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.CheckConstraint("kind in ('regions', 'people')", name=op.f("ck_holdout_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdout")),
        sa.UniqueConstraint("name", name=op.f("uq_holdout_name")),
    )
    still_open = sa.text("state in ('planned', 'running')")
    op.create_index("ix_holdout_open", "holdout", ["side", "channel"], unique=True, postgresql_where=still_open)
    op.create_index(
        "ix_holdout_read", "holdout", ["side", "channel", "ends_on"], postgresql_where=sa.text("state = 'read'")
    )
