"""What a session's pending change becomes when its files changed outside of a turn. The files are not read here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from boocoder.changes.measure import measure
from boocoder.changes.pending import store_measured
from boocoder.db.changes import decided_tree, list_changes
from boocoder.db.pool import Connection, Database
from boocoder.db.tasks import list_tasks
from boocoder.events import frames
from boocoder.model.ids import SessionId, TaskId
from boocoder.worktrees.snapshots import Place

TASKS_LOOKED_AT = 20  # the newest ones of a session; those that wait have made nothing


class Remeasure:
    """Measures the change of a session whose files a person has set to another tree."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def __call__(self, place: Place, tree: str) -> Callable[[Connection], Awaitable[Sequence[frames.Frame]]]:
        """Measure `tree` against what was decided last; the result stores it inside a transaction.

        Raises:
            GitError: git refused, or took too long.
        """
        session_id = place.row.session_id
        async with self._database.connection() as conn:
            base_tree = await decided_tree(conn, session_id) or place.row.base_tree
            maker = await _maker(conn, session_id)
        measured = await measure(place.shadow, base_tree=base_tree, tree=tree)

        async def store(conn: Connection) -> Sequence[frames.Frame]:
            if maker is None:  # no turn ran here yet, so there is no change to be put down to one
                return []
            task_id, agent = maker
            return await store_measured(conn, session_id, measured, task_id=task_id, agent=agent)

        return store


async def _maker(conn: Connection, session_id: SessionId) -> tuple[TaskId, str] | None:
    """The turn that the session's change is put down to: that of its newest change, else its newest turn."""
    newest = await list_changes(conn, session_id=session_id, limit=1)
    if newest:
        return newest[0].task_id, newest[0].agent
    tasks = await list_tasks(conn, session_id=session_id, limit=TASKS_LOOKED_AT)
    ended = [task for task in tasks if task.state.final]
    return (ended[0].id, ended[0].agent) if ended else None
