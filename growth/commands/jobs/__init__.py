"""What `growth job` prints and watches; apart from it, so that `growth --help` loads none of this."""
