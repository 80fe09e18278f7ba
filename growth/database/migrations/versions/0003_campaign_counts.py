"""Triggers that keep how far the deliveries of a run are, and how many it leaves out, whoever writes them."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What a delivery adds to each column of `delivery_count`.
_MEASURES = {
    "messages": "true",
    "waiting": "state in ('planned', 'claimed')",
    "in_doubt": "state = 'in_doubt'",
    "refused": "state = 'refused'",
    "sent": "state in ('accepted', 'delivered', 'bounced', 'complained')",
    "delivered": "delivered_at is not null",
    "bounced": "state = 'bounced'",
    "complained": "state = 'complained'",
    "opened": "opened_at is not null",
    "clicked": "clicked_at is not null",
    "unsubscribed": "unsubscribed_at is not null",
}

# The rows of a statement after it and before it: those it made are added, those it took away subtracted. A statement
# that moves nothing (a claim's `claimed_at` alone, a second open) leaves no row.
_ROWS = {
    "insert": "select made.*, 1 as by from made",
    "update": "select made.*, 1 as by from made union all select gone.*, -1 from gone",
    "delete": "select gone.*, -1 as by from gone",
}
_TABLES = {
    "insert": "new table as made",
    "update": "new table as made old table as gone",
    "delete": "old table as gone",
}


def upgrade() -> None:
    sums = ", ".join(f"coalesce(sum(by) filter (where {rule}), 0) as {name}" for name, rule in _MEASURES.items())
    names = ", ".join(_MEASURES)
    moved = " or ".join(f"{name} <> 0" for name in _MEASURES)
    for event, rows in _ROWS.items():
        _count(
            "delivery",
            event,
            f"insert into delivery_count (campaign_run_id, {names}) select * from (select campaign_run_id, {sums}"
            f" from ({rows}) change group by campaign_run_id) change where {moved}",
        )
        _count(
            "exclusion",
            event,
            "insert into exclusion_count (campaign_run_id, reason, people) select campaign_run_id, reason, sum(by)"
            f" from ({rows}) change group by campaign_run_id, reason having sum(by) <> 0",
        )


def _count(table: str, event: str, statement: str) -> None:
    name = f"count_{table}_{event}"
    op.execute(
        f"create function {name}() returns trigger language plpgsql as $$ begin {statement}; return null; end $$"
    )
    op.execute(
        f"create trigger {name} after {event} on {table} referencing {_TABLES[event]}"
        f" for each statement execute function {name}()"
    )
