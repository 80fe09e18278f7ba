"""Choosing recipients: who of an audience may be written to, where and when, and why the others are left out."""
