"""A backend that plays a script: for tests and trials with nothing installed."""
