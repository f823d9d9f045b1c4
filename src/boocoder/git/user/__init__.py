"""Reads and writes the user's repository on request."""
