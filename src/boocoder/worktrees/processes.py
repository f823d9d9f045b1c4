"""Processes that the tools of a session's agent left running: a server, a watcher, a long test."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.errors import NotFound
from boocoder.model.ids import SessionId
from boocoder.process.host import ProcessHost
from boocoder.process.orphans import ToolProcess, end_process


class SessionProcesses:
    """Lists and ends them; the agents' own processes are not among them.

    Args:
        database: knows where worktrees are.
        processes: what agents are started by.
    """

    def __init__(self, *, database: Database, processes: ProcessHost) -> None:
        self._database = database
        self._processes = processes

    async def running(self, session_id: SessionId) -> list[ToolProcess]:
        """The session's processes, oldest first; none where it has no worktree yet.

        Raises:
            NotFound: session_not_found.
        """
        async with self._database.connection() as conn:
            await sessions.get_session(conn, session_id)
            row = await worktrees.get_worktree(conn, session_id)
        return await asyncio.to_thread(self._processes.tool_processes, Path(row.path)) if row is not None else []

    async def end(self, session_id: SessionId, pid: int) -> ToolProcess:
        """End one of them with all its descendants.

        Raises:
            NotFound: session_not_found, process_not_found.
        """
        for one in await self.running(session_id):
            if one.pid == pid:
                await end_process(one.id)
                return one
        text = f"The session has no process {pid}."
        raise NotFound("process_not_found", text, "List its processes again: it may have ended.")
