"""`python -m growth` is the same as `growth`."""

from growth.cli import main

main()
