"""Where servers keep what is theirs, below opencode's state directory. It imports nothing: a start needs the names."""

from __future__ import annotations

OWN_SERVERS = "sessions"  # one folder for each server of a single session
