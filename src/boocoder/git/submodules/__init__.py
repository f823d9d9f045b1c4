"""Submodules of a session: their commits are part of snapshots, the files inside are kept beside them."""
