"""Leads: the seller prospects that reps work."""
