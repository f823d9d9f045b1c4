"""Records a session's pending change from a new measurement of its worktree: rows and frames."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from boocoder.changes.diff.statistics import ChangeMeasure, measure
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes
from boocoder.db.files.changes import LatestChange
from boocoder.db.tasks.tasks import list_tasks
from boocoder.events import frames
from boocoder.model.ids import ChangeId, SessionId, TaskId
from boocoder.model.task import ChangeState
from boocoder.worktrees.history.snapshots import SnapshotSource

RECENT_TASKS = 20  # the newest tasks of a session; pending ones have changed nothing yet


async def store_measured(
    conn: Connection, session_id: SessionId, measured: ChangeMeasure, *, task_id: TaskId, agent: str
) -> list[frames.Frame]:
    """Record a measurement as the session's pending change. Call it in the transaction that caused it.

    Args:
        measured: the worktree's newest tree against `decided_tree`, else against the worktree's base.
        task_id: the turn that the change is attributed to.
        agent: of that turn.

    Returns:
        The frames to store in the same transaction; empty if the change is as it was.
    """
    latest = await changes.latest_change(conn, session_id)
    if latest is not None and latest.tree == measured.tree and not _is_over(latest, measured):
        return []
    if measured.tree == measured.base_tree:
        withdrawn = await changes.withdraw_change(conn, session_id) if latest is not None else None
        if withdrawn is None:
            return []
        return [frames.ChangeUpdatedFrame(session_id=session_id, change_id=withdrawn, state="withdrawn", agent=agent)]
    _, updated = await put_change(conn, session_id, measured, task_id=task_id, agent=agent)
    return [updated]


def _is_over(latest: LatestChange, measured: ChangeMeasure) -> bool:
    """Whether a change with the measured tree does not stand for the measurement."""
    if latest.state is ChangeState.PENDING:
        return latest.base_tree != measured.base_tree
    return latest.state is ChangeState.WITHDRAWN


async def put_change(
    conn: Connection, session_id: SessionId, measured: ChangeMeasure, *, task_id: TaskId, agent: str
) -> tuple[ChangeId, frames.ChangeUpdatedFrame]:
    """Replace the session's pending change by a measurement, or add the first one.

    Args:
        measured, task_id, agent: as `store_measured`.

    Returns:
        The change, and the frame to store in the same transaction.
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
    return change_id, frames.ChangeUpdatedFrame(
        session_id=session_id,
        change_id=change_id,
        state="pending",
        agent=agent,
        files=measured.file_count,
        additions=measured.additions,
        deletions=measured.deletions,
    )


async def remeasure(
    database: Database, source: SnapshotSource, tree: str, base_tree: str | None = None
) -> Callable[[Connection], Awaitable[Sequence[frames.Frame]]]:
    """Measure a worktree that a person has set to `tree`.

    Args:
        base_tree: what its change is measured against; None for the tree applied last, else the worktree's base.

    Returns:
        Stores the measurement as the pending change inside a transaction and returns the frames to publish.

    Raises:
        GitError: git refused, or took too long.
    """
    session_id = source.row.session_id
    async with database.connection() as conn:
        base_tree = base_tree or await changes.decided_tree(conn, session_id) or source.row.base_tree
        maker = await _maker(conn, session_id)
    measured = await measure(source.shadow, base_tree=base_tree, tree=tree)

    async def store(conn: Connection) -> Sequence[frames.Frame]:
        if maker is None:  # no turn has run in this session, so no change can be attributed to one
            return []
        task_id, agent = maker
        return await store_measured(conn, session_id, measured, task_id=task_id, agent=agent)

    return store


async def _maker(conn: Connection, session_id: SessionId) -> tuple[TaskId, str] | None:
    """The turn that the session's change is attributed to: that of its newest change, else its newest turn."""
    newest = await changes.list_changes(conn, session_id=session_id, limit=1)
    if newest:
        return newest[0].task_id, newest[0].agent
    tasks = await list_tasks(conn, session_id=session_id, limit=RECENT_TASKS)
    ended = [task for task in tasks if task.state.final]
    return (ended[0].id, ended[0].agent) if ended else None
