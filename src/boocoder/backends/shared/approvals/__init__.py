"""Requests of an agent to its person, shared by backends."""
