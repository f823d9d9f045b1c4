"""The checks behind `boocoder doctor`."""
