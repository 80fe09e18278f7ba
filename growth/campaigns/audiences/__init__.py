"""Audiences: conditions, compiled into one statement; saved and versioned."""
