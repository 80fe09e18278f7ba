"""When work is due, and the runs that do it."""
