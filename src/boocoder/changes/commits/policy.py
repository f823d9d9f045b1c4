"""Which of the user's rules for commits hold in a project."""

from __future__ import annotations

from boocoder.db.core.pool import Database
from boocoder.db.registry.project_settings import get_project_settings
from boocoder.git.user.commit_policy import CommitPolicy
from boocoder.model.ids import ProjectId


async def policy_of(database: Database, project_id: ProjectId, *, sign_commits: bool) -> CommitPolicy:
    """The project's settings for commits.

    Args:
        sign_commits: for a project that does not say so itself.

    Raises:
        NotFound: project_not_found.
    """
    async with database.connection() as conn:
        settings = await get_project_settings(conn, project_id)
    sign = sign_commits if settings.sign_commits is None else settings.sign_commits
    return CommitPolicy(sign=sign, run_hooks=settings.commit_hooks)
