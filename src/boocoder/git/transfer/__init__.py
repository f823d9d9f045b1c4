"""Brings a session from one host to another: packs of its objects, and its repository there."""
