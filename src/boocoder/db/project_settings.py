"""What a project wants done in each new worktree, as a row. Nothing is copied or run here."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.projects import project_not_found
from boocoder.db.sql import Done, statement
from boocoder.model.ids import ProjectId

SETUP_TIMEOUT_S = 600.0  # the column's default: installing the packages of a large project
TEARDOWN_TIMEOUT_S = 60.0


class ProjectSettings(msgspec.Struct, frozen=True):
    """Settings of one project.

    Args:
        copy_patterns: as in .gitignore; ignored and untracked files that match are copied into each new worktree.
        setup: shell command that is run in each new worktree; "" for none.
        setup_timeout_s: seconds until it is ended.
        teardown: shell command that is run before a worktree is removed; "" for none.
        teardown_timeout_s: seconds until it is ended.
    """

    project_id: ProjectId
    copy_patterns: list[str] = []
    setup: str = ""
    setup_timeout_s: float = SETUP_TIMEOUT_S
    teardown: str = ""
    teardown_timeout_s: float = TEARDOWN_TIMEOUT_S


_GET = statement("project_settings", "get_project_settings", row=ProjectSettings, params=(UUID,))
_PUT = statement("project_settings", "put_project_settings", row=Done, params=(UUID, list[str], str, float, str, float))


async def get_project_settings(conn: Connection, project_id: ProjectId) -> ProjectSettings:
    """The project's settings, the defaults where it has none of its own.

    Raises:
        NotFound: project_not_found.
    """
    found = await _GET.first(conn, project_id)
    if found is None:
        raise project_not_found(project_id)
    return found


async def put_project_settings(conn: Connection, settings: ProjectSettings) -> None:
    """Store the settings in place of those that the project had."""
    await _PUT.one(
        conn,
        settings.project_id,
        settings.copy_patterns,
        settings.setup,
        settings.setup_timeout_s,
        settings.teardown,
        settings.teardown_timeout_s,
    )
