"""Rules with several conditions that may hold for the past too, effects learnt anew, a history of anomalies."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Each rule had one field with values, compared as was usual for it.
_WITH_CONDITIONS = """
    update channel_rules set rules = (
        select coalesce(jsonb_agg(rule - 'field' - 'values' || jsonb_build_object('conditions', jsonb_build_array(
            jsonb_build_object('field', rule ->> 'field', 'values', rule -> 'values', 'operator',
                case rule ->> 'field' when 'tag' then 'present' when 'landing' then 'begins'
                    when 'referrer' then 'site' else 'is' end))) order by place), '[]')
        from jsonb_array_elements(rules) with ordinality as told (rule, place))
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    nowhere = sa.text("'00000000-0000-0000-0000-000000000000'")
    op.add_column("channel_rules", sa.Column("since", moment, nullable=True))
    op.add_column("channel_rules", sa.Column("retold_at", moment, nullable=True))
    op.add_column("channel_rules", sa.Column("retold_id", sa.Uuid(), server_default=nowhere, nullable=False))
    op.execute(_WITH_CONDITIONS)
    op.add_column("attribution_version", sa.Column("relearns", sa.BigInteger(), nullable=True))
