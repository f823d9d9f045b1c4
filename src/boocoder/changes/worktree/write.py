"""Writes a session's worktree from one tree to another behind a journal, all or nothing."""

from __future__ import annotations

from boocoder.changes.apply.plan import write_plan
from boocoder.db.core.pool import Database
from boocoder.db.files import changes
from boocoder.errors import BoocoderError, Conflict
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict
from boocoder.model.ids import SessionId
from boocoder.worktrees.history.snapshots import SnapshotSource
from boocoder.worktrees.locks import WorktreeLocks


async def write_worktree(
    database: Database,
    locks: WorktreeLocks,
    source: SnapshotSource,
    *,
    before: str,
    after: str,
    failpoints: Failpoints,
    operation: str,
) -> list[MergeConflict]:
    """Write the files in which `before` and `after` differ; call it with the worktree locked.

    The journal stays open after a complete write: close it with `changes.end_update` in the transaction that records
    the result. After a crash the next start restores `before`.

    Args:
        operation: prefix of the failpoints `after_begin` and `after_files`.

    Returns:
        Empty once everything is written; else the files in the way. Then the worktree is unchanged and the journal
        closed, as it is after an error.

    Raises:
        Conflict: session_busy, another write of this worktree is in progress; session_elsewhere, another host went on
            with the session.
        GitError: git failed.
    """
    session_id = source.row.session_id
    async with database.transaction() as conn:
        if not await changes.begin_update(await locks.hold(conn, session_id), before, after):
            text = f"Another operation is writing the worktree of session {session_id}."
            raise Conflict("session_busy", text, "Try again in a moment.")
    failpoints.hit(f"{operation}.after_begin")
    try:
        conflicts = await write_plan(
            source.shadow, checkout=source.path, index=source.index, pre_tree=before, post_tree=after
        )
    except (BoocoderError, OSError):
        await close_update(database, session_id)
        raise
    if conflicts:
        await close_update(database, session_id)
        return conflicts
    failpoints.hit(f"{operation}.after_files")
    return []


async def close_update(database: Database, session_id: SessionId) -> None:
    """Close the journal of a worktree's write."""
    async with database.transaction() as conn:
        await changes.end_update(conn, session_id)
