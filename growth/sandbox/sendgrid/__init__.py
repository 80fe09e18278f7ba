"""The pretend SendGrid: its v3 API for sending, and its signed event webhook."""
