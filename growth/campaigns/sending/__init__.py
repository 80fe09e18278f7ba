"""How much is sent when: quiet hours, frequency caps, pace, warm-up."""
