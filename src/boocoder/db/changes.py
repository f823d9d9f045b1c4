"""Changes that wait for a decision and the journal of applying them, as rows. No git and no files here."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import Done, statement
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ChangeId, ProjectId, SessionId, TaskId, new_id
from boocoder.model.task import ChangeState

_ONE_WRITING = "change_applies_one_writing_per_project"


class ApplyState(StrEnum):
    """writing -> done | undone."""

    WRITING = "writing"
    DONE = "done"
    UNDONE = "undone"


class Change(msgspec.Struct, frozen=True):
    """One change without its diff.

    Args:
        files: JSON list of {path, status, additions, deletions, binary, ...}.
        diff_stored: False when the diff was too long and is read from the shadow repository.
    """

    id: ChangeId
    session_id: SessionId
    task_id: TaskId
    agent: str
    state: ChangeState
    base_tree: str
    tree: str
    files: msgspec.Raw
    additions: int
    deletions: int
    diff_stored: bool
    created_at: datetime
    decided_at: datetime | None


class WritingApply(msgspec.Struct, frozen=True):
    """An apply that has not ended: the user's checkout goes from `pre_tree` to `post_tree`."""

    change_id: ChangeId
    session_id: SessionId
    project_id: ProjectId
    pre_tree: str
    post_tree: str
    started_at: datetime


class _Id(msgspec.Struct, frozen=True):
    id: ChangeId


class _Diff(msgspec.Struct, frozen=True):
    diff: bytes | None


_SUPERSEDE = statement("changes", "supersede_pending", row=_Id, params=(UUID,))
_INSERT = statement(
    "changes",
    "insert_change",
    row=_Id,
    params=(UUID, UUID, UUID, str, str, str, msgspec.Raw, int, int, bytes | None),
)
_WITHDRAW = statement("changes", "withdraw_change", row=_Id, params=(UUID,))
_GET = statement("changes", "get_change", row=Change, params=(UUID,))
_LIST = statement("changes", "list_changes", row=Change, params=(UUID | None, ChangeState | None, int, UUID | None))
_DIFF = statement("changes", "get_diff", row=_Diff, params=(UUID,))
_DECIDE = statement("changes", "decide_change", row=Done, params=(UUID, ChangeState))
_BEGIN = statement("changes", "begin_apply", row=Done, params=(UUID, UUID, str, str))
_END = statement("changes", "end_apply", row=Done, params=(UUID, ApplyState))
_WRITING = statement("changes", "list_writing_applies", row=WritingApply)


async def supersede_change(
    conn: Connection,
    session_id: SessionId,
    *,
    task_id: TaskId,
    agent: str,
    base_tree: str,
    tree: str,
    files_json: bytes,
    additions: int,
    deletions: int,
    diff: bytes | None,
) -> ChangeId:
    """Store the session's change as it is after a turn, in place of the one that waits. Call it in a transaction.

    Args:
        task_id: the turn that made it.
        base_tree, tree: full object ids, not equal.
        files_json: JSON list, one object a file.
        additions, deletions: lines.
        diff: None past DIFF_STORE_MAX_BYTES.
    """
    await _SUPERSEDE.all(conn, session_id)
    change_id = ChangeId(new_id())
    row = await _INSERT.one(
        conn, change_id, session_id, task_id, agent, base_tree, tree, files_json, additions, deletions, diff
    )
    return row.id


async def withdraw_change(conn: Connection, session_id: SessionId) -> ChangeId | None:
    """Take back the change that waits, as the agent has reverted it; None if none waits."""
    row = await _WITHDRAW.first(conn, session_id)
    return None if row is None else row.id


async def get_change(conn: Connection, change_id: ChangeId) -> Change:
    """One change.

    Raises:
        NotFound: change_not_found.
    """
    change = await _GET.first(conn, change_id)
    if change is None:
        raise _not_found(change_id)
    return change


async def list_changes(
    conn: Connection,
    *,
    session_id: SessionId | None = None,
    state: ChangeState | None = None,
    limit: int = 100,
    before: ChangeId | None = None,
) -> list[Change]:
    """A page of changes, newest first.

    Args:
        session_id, state: only these.
        limit: rows at most.
        before: id of the last change of the page before.
    """
    return await _LIST.all(conn, session_id, state, limit, before)


async def get_diff(conn: Connection, change_id: ChangeId) -> bytes | None:
    """The stored diff, None if it was too long to store.

    Raises:
        NotFound: change_not_found.
    """
    row = await _DIFF.first(conn, change_id)
    if row is None:
        raise _not_found(change_id)
    return row.diff


async def decide_change(
    conn: Connection, change_id: ChangeId, state: Literal[ChangeState.APPLIED, ChangeState.REJECTED]
) -> bool:
    """Record a person's decision; False if the change does not wait for one any more."""
    return await _DECIDE.changed(conn, change_id, state)


async def begin_apply(
    conn: Connection, change_id: ChangeId, project_id: ProjectId, pre_tree: str, post_tree: str
) -> bool:
    """Open the journal before the first file is written; False if the change does not wait for a decision any
    more or its apply is under way or done.

    Args:
        pre_tree, post_tree: the user's checkout before and after.

    Raises:
        Conflict: apply_in_progress, another change is being written into this project.
    """
    try:
        return await _BEGIN.changed(conn, change_id, project_id, pre_tree, post_tree)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != _ONE_WRITING:
            raise
        text = f"Another change is being written into project {project_id}."
        raise Conflict("apply_in_progress", text, "Wait until it is done, then apply this one again.") from error


async def end_apply(conn: Connection, change_id: ChangeId, state: Literal[ApplyState.DONE, ApplyState.UNDONE]) -> bool:
    """Close the journal; False if it is closed already."""
    return await _END.changed(conn, change_id, state)


async def list_writing_applies(conn: Connection) -> list[WritingApply]:
    """Applies that have not ended; at a start these were cut short."""
    return await _WRITING.all(conn)


def _not_found(change_id: ChangeId) -> NotFound:
    return NotFound("change_not_found", f"There is no change {change_id}.", "List the changes to see their ids.")
