"""What it cost: the cost ledger and currencies."""
