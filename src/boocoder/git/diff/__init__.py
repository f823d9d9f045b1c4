"""Diffs, patches and merges of trees."""
