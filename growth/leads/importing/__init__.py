"""Leads from files: read and checked, staged, planned, merged by set-based statements."""
