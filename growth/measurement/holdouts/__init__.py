"""Hold-outs of channels: planned on the past, begun and ended by a job, read with an interval."""
