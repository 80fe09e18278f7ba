"""Permission email: compile, send, deliver, listen."""
