"""Campaigns inside a channel: what each cost and what is credited to it, by day."""
