"""Campaigns: audiences and messages."""
