"""Links that anyone may open."""
