"""Readers of agents' output: a line in, agent events out."""
