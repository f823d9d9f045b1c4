"""Rows of projects and agents."""
