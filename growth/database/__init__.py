"""PostgreSQL: the engine, sessions, the embedded server, bulk copy, keyset paging and migrations."""
