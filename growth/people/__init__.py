"""People and organisations: identity, consent, suppression, import."""
