"""A backend that plays a written script: for tests and a first look with nothing installed."""
