"""Experiments of campaigns: declared, looked at, decided, and what sending truly caused."""
