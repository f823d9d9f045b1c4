"""Runs a follow's gate in the session's worktree and keeps how it ended."""

from __future__ import annotations

from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.db.files.start_points import get_start
from boocoder.db.files.worktrees import get_worktree
from boocoder.db.registry import follows as rows
from boocoder.db.registry.follows import DueFollow
from boocoder.errors import Conflict
from boocoder.process.host import ProcessHost
from boocoder.worktrees.create.commands import CommandContext, CommandResult, run_command

TIMEOUT_S = 1_800.0  # as long as the tests of a project may take
OUTPUT_KEPT_CHARS = 20_000


class Gate:
    """Runs gates.

    Args:
        processes: runs the commands as those of the agent, in its sandbox.
    """

    def __init__(self, *, database: Database, processes: ProcessHost, timeout_s: float = TIMEOUT_S) -> None:
        self._database = database
        self._processes = processes
        self._timeout_s = timeout_s

    async def run(self, follow: DueFollow) -> CommandResult:
        """Run it to its end; its exit code is stored when this returns.

        Raises:
            Conflict: session_without_worktree.
            ProcessError: it could not be started.
        """
        session_id = follow.session_id
        async with self._database.connection() as conn:
            row = await get_worktree(conn, session_id)
            start = await get_start(conn, session_id)
        if row is None:
            raise Conflict("session_without_worktree", f"Session {session_id} has no worktree.", "")
        place = CommandContext(Path(row.path), Path(start.project_path), session_id)
        ran = await run_command(follow.gate, place=place, processes=self._processes, timeout_s=self._timeout_s)
        async with self._database.connection() as conn:
            await rows.insert_gate_run(
                conn,
                session_id,
                round_number=follow.rounds,
                command=follow.gate,
                exit_code=ran.exit_code,
                output=ran.output[-OUTPUT_KEPT_CHARS:].replace("\0", ""),
            )
        return ran
