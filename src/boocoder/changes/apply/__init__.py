"""Merging a change and writing it to checkout, commit or branch."""
