"""Sandboxes for child processes: profiles, the file views they give, and the mechanisms that enforce them."""
