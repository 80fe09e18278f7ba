"""The practice mailbox: every message the pretend SendGrid accepted, for people and for tests to read."""
