"""Letters: single messages to one address, such as a confirmation or a test."""
