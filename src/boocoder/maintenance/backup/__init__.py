"""One archive of a data directory, made while the service runs, and its way back."""
