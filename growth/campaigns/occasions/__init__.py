"""Occasions: what makes a campaign go out more than once."""
