"""Pretend providers and a pretend market, for rehearsal and tests."""
