"""Growth and marketing automation for a two-sided cross-border marketplace."""
