"""A session's one pending change as rows and frames: what a new measurement of its worktree makes of it. No git."""

from __future__ import annotations

from boocoder.changes.measure import ChangeMeasure
from boocoder.db import changes
from boocoder.db.pool import Connection
from boocoder.db.turns import latest_change
from boocoder.events import frames
from boocoder.model.ids import ChangeId, SessionId, TaskId
from boocoder.model.task import ChangeState


async def store_measured(
    conn: Connection, session_id: SessionId, measured: ChangeMeasure, *, task_id: TaskId, agent: str
) -> list[frames.Frame]:
    """Make the session's pending change what was measured. Call it in a transaction, with whatever made it so.

    Args:
        measured: the worktree's newest tree against `decided_tree`, else against the worktree's base.
        task_id: the turn that the change is put down to.
        agent: who made it.

    Returns:
        The frames that tell it, to be stored in the same transaction; empty where the change is as it was.
    """
    latest = await latest_change(conn, session_id)
    if latest is not None and latest.tree == measured.tree and latest.state is not ChangeState.WITHDRAWN:
        return []
    if measured.tree == measured.base_tree:
        withdrawn = await changes.withdraw_change(conn, session_id)
        if withdrawn is None or latest is None:
            return []
        return [frames.ChangeUpdated(session_id=session_id, change_id=withdrawn, state="withdrawn", agent=agent)]
    _, told = await put_change(conn, session_id, measured, task_id=task_id, agent=agent)
    return [told]


async def put_change(
    conn: Connection, session_id: SessionId, measured: ChangeMeasure, *, task_id: TaskId, agent: str
) -> tuple[ChangeId, frames.ChangeUpdated]:
    """Put what was measured in the place of the session's pending change, if it has one.

    Args:
        measured, task_id, agent: as `store_measured`.

    Returns:
        The change, and the frame that tells it, to be stored in the same transaction.
    """
    change_id = await changes.supersede_change(
        conn,
        session_id,
        task_id=task_id,
        agent=agent,
        base_tree=measured.base_tree,
        tree=measured.tree,
        files_json=measured.files,
        additions=measured.additions,
        deletions=measured.deletions,
        diff=measured.diff,
    )
    return change_id, frames.ChangeUpdated(
        session_id=session_id,
        change_id=change_id,
        state="pending",
        agent=agent,
        files=measured.file_count,
        additions=measured.additions,
        deletions=measured.deletions,
    )
