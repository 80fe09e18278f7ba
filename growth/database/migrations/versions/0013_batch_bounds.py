"""Between which ids a batch's deliveries are; batches by run and transaction; answers stand with the batch."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("first_delivery", "last_delivery"):
        op.add_column("delivery_batch", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("delivery_batch", sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("""
        update delivery_batch set messages = (
            select count(*) from delivery where delivery.batch_id = delivery_batch.id and delivery.state = 'claimed')
        where state = 'claimed'
    """)
    op.execute("update delivery set state = 'accepted', accepted_at = claimed_at where state = 'claimed'")
    op.drop_index("ix_delivery_batch_xid")
    op.create_index("ix_delivery_batch_xid", "delivery_batch", ["campaign_run_id", "xid"])
