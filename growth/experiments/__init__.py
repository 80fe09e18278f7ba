"""Experiments: arms, assignment by hash, sizes, and the statistics that decide; shared by all channels."""
