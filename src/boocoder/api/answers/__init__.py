"""Turns rows and results into the types of `boocoder.wire` that routes return."""
