"""Monthly partitions made on demand, and the tables of the task queue."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Makes the partition that holds `moment`, once; safe for several at a time. Made apart and attached, since ATTACH lets
# others read and write the parent meanwhile, which CREATE TABLE … PARTITION OF does not.
ENSURE_MONTH = """
create function ensure_month(parent regclass, moment timestamptz) returns void language plpgsql as $$
declare
    first timestamptz := date_trunc('month', moment at time zone 'UTC') at time zone 'UTC';
    name text := parent::text || to_char(first at time zone 'UTC', '_YYYY_MM');
begin
    if to_regclass(name) is null then
        perform pg_advisory_xact_lock(hashtext(name));
        if to_regclass(name) is null then
            execute format('create table %I (like %s including defaults including constraints including indexes)',
                name, parent);
            execute format('alter table %s attach partition %I for values from (%L) to (%L)', parent, name, first,
                (first at time zone 'UTC' + interval '1 month') at time zone 'UTC');
        end if;
    end if;
end $$
"""


def upgrade() -> None:
    op.execute(ENSURE_MONTH)
    for parent in ("event", "score"):
        op.execute(
            f"select ensure_month('{parent}', moment) from generate_series(now(), now() + interval '2 months',"
            " interval '1 month') moment"
        )
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
