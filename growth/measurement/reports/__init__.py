"""Reports that are kept: of each finished week, and those behind a link that was shared."""
