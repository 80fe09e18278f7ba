"""Pages, public links, the collector and provider hooks."""
