"""Rows waiting to run: enqueue, claim, listen."""
