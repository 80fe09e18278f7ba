"""Channel reports, kept as roll-ups."""
