"""Fuzzy search of files and folders."""
