"""Which lead will convert: features, models, scores."""
