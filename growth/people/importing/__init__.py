"""Bringing people in from a file: read, check, match, merge; what can't go in is handed back with its reason."""
