"""Snapshots that outlive their host: stored where every host finds them, and taken up on another one."""
