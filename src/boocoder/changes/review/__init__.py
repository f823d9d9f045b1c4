"""Verdicts, comments and partial selection."""
