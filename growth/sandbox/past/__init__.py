"""What happened before the demo begins: people, visits, orders, costs and leads of the last months, from a seed."""
