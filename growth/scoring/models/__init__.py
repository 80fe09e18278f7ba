"""What learns from leads whose end is known: candidates, calibration, the choice between them."""
