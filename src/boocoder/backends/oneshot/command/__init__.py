"""Turns that run as one command each."""
