"""A turn: its steps, limits, guards and reports."""
