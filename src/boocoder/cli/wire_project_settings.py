"""What the settings of a project look like on the wire. Unknown fields are ignored."""

from __future__ import annotations

from uuid import UUID

import msgspec


class ProjectSettings(msgspec.Struct, frozen=True):
    """What a project wants done in each new worktree."""

    project_id: UUID
    copy_patterns: tuple[str, ...] = ()
    setup: str = ""
    setup_timeout_s: float = 0.0
    teardown: str = ""
    teardown_timeout_s: float = 0.0
