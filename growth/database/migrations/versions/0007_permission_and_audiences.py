"""What audiences ask for besides: people's time zone, and events by a name of the site's own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_person_time_zone", "person", ["time_zone", "id"], postgresql_where=sa.text("time_zone is not null")
    )
    op.create_index(
        "ix_event_custom",
        "event",
        [sa.text("(properties ->> 'name')"), "occurred_at", "person_id"],
        postgresql_where=sa.text("kind = 'custom' and person_id is not null"),
    )
