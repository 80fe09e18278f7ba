"""The pretend market: what people do with messages and on our sites, with a truth that is known."""
