"""Hold-outs of a channel: it rests in some regions or for some people, and what fails to come is what it causes."""
