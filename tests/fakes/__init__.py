"""Runnable stand-ins for programs that tests cannot break at will."""
