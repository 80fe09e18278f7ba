"""What audiences ask for besides, time zones and events by name, and what a scheduled campaign keeps to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("pinned", JSONB(), nullable=True))
    op.create_index(
        "ix_person_time_zone", "person", ["time_zone", "id"], postgresql_where=sa.text("time_zone is not null")
    )
    op.create_index(
        "ix_event_custom",
        "event",
        [sa.text("(properties ->> 'name')"), "occurred_at", "person_id"],
        postgresql_where=sa.text("kind = 'custom' and person_id is not null"),
    )
