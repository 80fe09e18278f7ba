"""What left its usual course: a seasonal baseline, a judgement over all series together, causes."""
