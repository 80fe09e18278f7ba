"""Messages as marketers edit them: versions, variables, blocks."""
