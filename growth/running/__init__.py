"""Starting, watching and stopping our own processes."""
