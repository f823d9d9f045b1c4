"""Composition root: builds every service, starts and stops them in order."""
