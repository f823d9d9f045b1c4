"""What a project wants done in each new worktree, as a row. Nothing is copied or run here."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.registry.projects import project_not_found
from boocoder.model.ids import ProjectId
from boocoder.wire.projects import ProjectSettings

_GET = statement("project_settings", "get_project_settings", row=ProjectSettings, params=(UUID,))
_PUT = statement(
    "project_settings",
    "put_project_settings",
    row=Done,
    params=(UUID, list[str], str, float, str, float, bool, bool | None, bool, bool),
)


async def get_project_settings(conn: Connection, project_id: ProjectId) -> ProjectSettings:
    """The project's settings, or the defaults.

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
        settings.redact,
        settings.sign_commits,
        settings.commit_hooks,
        settings.git_hooks,
    )
