"""Currencies whose rates changed, by which refunds in another currency than their order are weighed again."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "currency_due",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_currency_due")),
    )
    # Refunds taken in before are weighed too.
    op.execute("insert into currency_due select currency, min(day) from currency_rate group by currency")
