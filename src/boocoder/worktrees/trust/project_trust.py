"""Asks a person once whether what a project makes agents run may run; asked again when a file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.registry import projects, trusted_files
from boocoder.db.registry.trusted_files import TrustedFile
from boocoder.errors import Conflict, InvalidInput
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.model.ids import ProjectId, SessionId
from boocoder.model.turn import Failed, TurnError
from boocoder.worktrees.trust.runnable_files import RunnableFile, RunPatterns, runnable_files

SHOWN_PATHS = 8  # in one sentence


@dataclass(frozen=True, slots=True)
class FileTrust:
    """A file that makes agents run something, and whether a person has trusted it with this content."""

    file: RunnableFile
    trusted: bool


class ProjectTrust:
    """Knows what a person has trusted, by project, path and hash.

    Args:
        patterns: what each agent of this host runs.
    """

    def __init__(self, *, database: Database, patterns: RunPatterns) -> None:
        self._database = database
        self._patterns = patterns

    async def files(self, project_id: ProjectId, *, session_id: SessionId | None = None) -> list[FileTrust]:
        """The files of the person's checkout, or of a session's worktree.

        Raises:
            NotFound: project_not_found, session_not_found.
            InvalidInput: runnable_files_unclear, or session_of_another_project.
        """
        root = await self.root(project_id, session_id)
        return await self._looked_up(project_id, root, self._patterns)

    async def root(self, project_id: ProjectId, session_id: SessionId | None) -> Path:
        """Where the files are: the session's worktree if it has one, else the person's checkout.

        Raises:
            As `files`, but for runnable_files_unclear.
        """
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, project_id)
            if session_id is None:
                return Path(project.path)
            session = await sessions.get_session(conn, session_id)
            row = await worktrees.get_worktree(conn, session_id)
        if session.project_id != project_id:
            text = f"Session {session_id} is not of project {project_id}."
            raise InvalidInput("session_of_another_project", text, "Name the session's own project.")
        there = row is not None and is_real_directory(Path(row.path))
        return Path(row.path) if row is not None and there else Path(project.path)

    async def trust(
        self, project_id: ProjectId, seen: Sequence[TrustedFile], *, session_id: SessionId | None = None
    ) -> list[FileTrust]:
        """Trust files with the content that the person has seen.

        Args:
            seen: path and hash of each.

        Raises:
            Conflict: runnable_files_changed, one of them is not there with this content.
            As `files`.
        """
        known = {
            TrustedFile(one.file.path, one.file.sha256) for one in await self.files(project_id, session_id=session_id)
        }
        changed = sorted({one.path for one in seen if one not in known})
        if changed:
            text = f"{_names(changed)} changed since it was shown, so nothing was trusted."
            raise Conflict("runnable_files_changed", text, "Look at the files again.")
        async with self._database.transaction() as conn:
            await trusted_files.trust_files(conn, project_id, seen)
        return await self.files(project_id, session_id=session_id)

    async def distrust(self, project_id: ProjectId) -> None:
        """Forget all that was trusted in the project.

        Raises:
            NotFound: project_not_found.
        """
        async with self._database.transaction() as conn:
            await projects.get_project(conn, project_id)
            await trusted_files.distrust_project(conn, project_id)

    async def refusal(self, project_id: ProjectId, session_id: SessionId, agent: str, worktree: Path) -> Failed | None:
        """The outcome of a turn that would run untrusted files; None if it may run."""
        own = self._patterns.get(agent, ())
        if not own:
            return None
        try:
            found = await self._looked_up(project_id, worktree, {agent: own})
        except InvalidInput as error:
            return Failed(TurnError(error.code, error.text, error.cure))
        names = [one.file.path for one in found if not one.trusted]
        if not names:
            return None
        text = f"{agent} would run or obey files of this project that nobody has trusted as they are: {_names(names)}."
        cure = f"Look at them and trust them: boocoder projects trust {project_id} --session {session_id}"
        return Failed(TurnError("project_not_trusted", text, f"{cure}; then send the task again."))

    async def _looked_up(self, project_id: ProjectId, root: Path, patterns: RunPatterns) -> list[FileTrust]:
        found = await asyncio.to_thread(runnable_files, root, patterns)
        if not found:
            return []
        async with self._database.connection() as conn:
            trusted = set(await trusted_files.list_trusted(conn, project_id))
        return [FileTrust(one, TrustedFile(one.path, one.sha256) in trusted) for one in found]


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN_PATHS} more" if len(paths) > SHOWN_PATHS else ""
    return ", ".join(paths[:SHOWN_PATHS]) + more
