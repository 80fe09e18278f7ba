"""What money does: response curves of channels, and what moving a budget would bring."""
