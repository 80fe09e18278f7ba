"""Any table of leads, read from a file without preparation: its cells, kinds of columns, label and moments."""
