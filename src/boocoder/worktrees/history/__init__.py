"""Snapshots, rewind and fork."""
