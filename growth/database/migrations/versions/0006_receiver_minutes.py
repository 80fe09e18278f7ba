"""Triggers that keep what became of each receiver's messages, by the minute they were sent in."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MEASURES = {
    "sent": "state in ('accepted', 'delivered', 'bounced', 'complained')",
    "delivered": "delivered_at is not null and state <> 'bounced'",
    "deferred": "deferred_at is not null",
    "bounced": "state = 'bounced'",
    "complained": "state = 'complained'",
    "opened": "opened_at is not null",
    "clicked": "clicked_at is not null",
}
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
        name = f"count_receiver_{event}"
        op.execute(f"""
            create function {name}() returns trigger language plpgsql as $$ begin
                insert into receiver_minute (campaign_run_id, receiver, minute, {names})
                select * from (
                    select campaign_run_id, coalesce(receiver, '') as receiver,
                        date_trunc('minute', accepted_at) as minute, {sums}
                    from ({rows}) change where accepted_at is not null group by 1, 2, 3) change
                where {moved};
                return null;
            end $$
        """)
        op.execute(
            f"create trigger {name} after {event} on delivery referencing {_TABLES[event]}"
            f" for each statement execute function {name}()"
        )
