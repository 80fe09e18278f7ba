"""What happened: collected once, from every source."""
