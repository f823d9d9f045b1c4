"""Learns from the kernel whether anything below a directory has changed, so that git need not look."""
